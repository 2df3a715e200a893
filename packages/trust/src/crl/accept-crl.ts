import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import { createBudgetMeter } from '../path/path-budget.js';
import { validatePath } from '../path/validate-path.js';
import type { RevocationFinding } from '../revocation/evidence.js';
import { makeFinding } from '../revocation/finding.js';
import type { CertificateList } from './certificate-list.js';
import type { CrlAnswer } from './crl-status.js';
import { createCrlJudge } from './path-revocation.js';
import { reasonNameOf } from './revoked-entry.js';

/** How far the clock of whoever made a CRL may be ahead of ours. A CRL never holds past its nextUpdate. */
export const defaultCrlSkewMs = 5 * 60_000;

export interface CrlAcceptance {
  readonly certificate: Certificate;
  /** The certificate directly above it in a path that is judged on its own. */
  readonly issuer: Certificate;
  /** Certificates of that path above the issuer, nearest first, with questions of their own: they may sign a CRL too. */
  readonly above?: readonly Certificate[] | undefined;
  readonly at: Date;
  readonly skewMs?: number | undefined;
  /** For CRLs that another certificate signed: those its path may need, and the anchor of the certificate's own path. */
  readonly intermediates?: readonly Certificate[] | undefined;
  readonly anchors?: readonly TrustAnchor[] | undefined;
  /** Where the CRLs come from. */
  readonly url?: string | undefined;
}

/**
 * Takes from CRLs whether one certificate is revoked (RFC 5280 6.3.3): signed by its issuer, or by a certificate with
 * a valid path of its own to one of `anchors`; in scope; current at `at`; complete for all reasons.
 * @param crls  complete ones, with their delta CRLs if there are any
 * @returns a finding, `good` or `revoked`
 * @throws {TrustError} CRL_MISSING | CRL_SCOPE_MISMATCH | CRL_CRITICAL_EXTENSION | CRL_NOT_YET_VALID | CRL_STALE |
 *   CRL_SIGNATURE_INVALID | CRL_ISSUER_NOT_AUTHORIZED | PATH_BUDGET_EXHAUSTED
 */
export function acceptCrl(crls: readonly CertificateList[], acceptance: CrlAcceptance): RevocationFinding {
  const { certificate, issuer, above = [], at, url } = acceptance;
  const judge = createCrlJudge({
    crls,
    certificates: acceptance.intermediates ?? [],
    at,
    skewMs: acceptance.skewMs ?? defaultCrlSkewMs,
    url,
    meter: createBudgetMeter(),
    pathOf: (signer) => signerPath(signer, acceptance),
  });
  return findingOf(judge.statusOf(certificate, [issuer, ...above]), acceptance);
}

// The issuer and what is above it have questions of their own; only what is below must be shown good here.
function signerPath(signer: Certificate, acceptance: CrlAcceptance): readonly Certificate[] {
  const { issuer, at, anchors = [], intermediates = [] } = acceptance;
  if (anchors.length === 0)
    throw new TrustError('NO_TRUST_ANCHOR', 'There is no trust anchor to judge the signer of the CRL by.');
  const { path } = validatePath({ target: signer, intermediates: [...intermediates, issuer], anchors, at });
  const end = path.findIndex(({ fingerprint }) => fingerprint === issuer.fingerprint);
  return end === -1 ? path : path.slice(0, end + 1);
}

function findingOf({ lists, signer, entry }: CrlAnswer, acceptance: CrlAcceptance): RevocationFinding {
  const { certificate, url } = acceptance;
  const finding: RevocationFinding = {
    certificate,
    status: entry === undefined ? 'good' : 'revoked',
    source: 'crl',
    url,
    thisUpdate: earliest(lists.map(({ thisUpdate }) => thisUpdate)),
    nextUpdate: earliest(lists.flatMap(({ nextUpdate }) => nextUpdate ?? [])),
    revokedAt: entry?.revokedAt,
    reason: entry === undefined ? undefined : reasonNameOf(entry),
    signer,
    crlNumber: lists.at(-1)?.crlNumber,
  };
  return makeFinding(finding, acceptance);
}

// An answer is as old, and ends as soon, as the oldest CRL it rests on.
function earliest(dates: readonly Date[]): Date | undefined {
  return dates.reduce<Date | undefined>(
    (first, date) => (first === undefined || date < first ? date : first),
    undefined,
  );
}
