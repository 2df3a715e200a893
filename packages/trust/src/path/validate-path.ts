import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import type { CertificateList } from '../crl/certificate-list.js';
import { assertNotRevokedByCrls } from '../crl/path-revocation.js';
import { TrustError } from '../error.js';
import { buildPath, type PathSearch } from './build-path.js';
import { assertUsableAt } from './certificate-checks.js';
import { createIssuerIndex } from './issuer-index.js';
import { createNameConstraintCheck } from './name-constraint-check.js';
import { type BudgetMeter, createBudgetMeter, type PathBudget } from './path-budget.js';
import { judgePolicies, type PolicyInputs } from './policy-check.js';
import { createSignatureMemo } from './signature-memo.js';

export interface PathRequest {
  readonly target: Certificate;
  /** In any order; certificates that lead nowhere are no harm. */
  readonly intermediates: readonly Certificate[];
  readonly anchors: readonly TrustAnchor[];
  readonly at: Date;
  /** Given: every certificate below the anchor must be shown good by these (RFC 5280 6.3). */
  readonly crls?: readonly CertificateList[] | undefined;
  /** Inputs of policy processing; `ignored` leaves certificate policies out. */
  readonly policies?: PolicyInputs | 'ignored' | undefined;
  readonly budget?: Partial<PathBudget> | undefined;
}

export interface ValidatedPath {
  /** Target first, anchor last; only the target where it is the anchor itself. */
  readonly path: readonly Certificate[];
  readonly anchor: TrustAnchor;
  /** user-constrained-policy-set of RFC 5280 6.1.6, dotted OIDs; empty when policies are ignored. */
  readonly policies: ReadonlySet<string>;
}

/**
 * Finds a path from the target to one of the anchors and validates it at one instant (RFC 5280 6.1).
 * @throws {TrustError} NO_TRUST_ANCHOR | PATH_NOT_FOUND | PATH_BUDGET_EXHAUSTED | CERTIFICATE_EXPIRED |
 *   CERTIFICATE_NOT_YET_VALID | CERTIFICATE_SIGNATURE_INVALID | CERTIFICATE_SERIAL_INVALID |
 *   SIGNATURE_ALGORITHM_UNSUPPORTED | KEY_TOO_WEAK | KEY_UNSUPPORTED | ISSUER_NOT_A_CA |
 *   ISSUER_KEY_USAGE_FORBIDS | PATH_TOO_LONG | NAME_CONSTRAINT_VIOLATED | CRITICAL_EXTENSION_UNKNOWN |
 *   POLICY_NOT_ACCEPTED; with CRLs also CERTIFICATE_REVOKED and CRL_*
 */
export function validatePath(request: PathRequest): ValidatedPath {
  return validateWithin(request, createBudgetMeter(request.budget));
}

function validateWithin(request: PathRequest, meter: BudgetMeter): ValidatedPath {
  if (request.anchors.length === 0)
    throw new TrustError('NO_TRUST_ANCHOR', 'There is no trust anchor to judge by.');
  const itself = request.anchors.find(
    ({ certificate }) => certificate.fingerprint === request.target.fingerprint,
  );
  if (itself !== undefined) return judgeAnchorAlone(itself, request, meter);
  const search: PathSearch = {
    index: createIssuerIndex(request.intermediates, request.anchors, request.at),
    at: request.at,
    meter,
    assertSignature: createSignatureMemo(meter),
    assertNames: createNameConstraintCheck(meter),
  };
  const { path, anchor, judged } = buildPath(request.target, search, (candidate, itsAnchor) => {
    const policies = policiesOf(candidate, request, meter);
    if (request.crls !== undefined)
      assertNotRevokedByCrls(candidate, {
        crls: request.crls,
        certificates: request.intermediates,
        at: request.at,
        meter,
        // RFC 5280 6.3.3 (f): the path of whoever signed a CRL ends at the same trust anchor.
        pathOf: (signer) =>
          validateWithin({ ...request, target: signer, anchors: [itsAnchor], crls: undefined }, meter).path,
      });
    return policies;
  });
  return Object.freeze({ path: Object.freeze(path), anchor, policies: judged });
}

// The user vouches for the certificate itself: its own period, key and extensions still count.
function judgeAnchorAlone(anchor: TrustAnchor, request: PathRequest, meter: BudgetMeter): ValidatedPath {
  assertUsableAt(anchor.certificate, request.at);
  const path = Object.freeze([anchor.certificate]);
  return Object.freeze({ path, anchor, policies: policiesOf(path, request, meter) });
}

function policiesOf(
  path: readonly Certificate[],
  request: PathRequest,
  meter: BudgetMeter,
): ReadonlySet<string> {
  if (request.policies === 'ignored') return new Set();
  return judgePolicies(path, request.policies ?? {}, meter);
}
