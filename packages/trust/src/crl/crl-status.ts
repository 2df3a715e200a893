import type { Certificate } from '../certificate/certificate.js';
import type { DistributionPoint } from '../certificate/distribution-point.js';
import { TrustError, type TrustErrorCode, type TrustErrorDetail } from '../error.js';
import type { CertificateList, RevokedEntry } from './certificate-list.js';
import {
  allReasons,
  distributionPointsOf,
  isByExpectedIssuer,
  isDeltaFor,
  isInScope,
  reasonsOf,
} from './crl-scope.js';
import { assertCrlSignedBy, findCrlSigner, type SignerSources } from './crl-signer.js';
import { assertCrlUsable } from './crl-usability.js';
import { findRevocation, removeFromCrl } from './revoked-entry.js';

export interface CrlQuestion extends SignerSources {
  readonly certificate: Certificate;
  readonly crls: readonly CertificateList[];
  readonly at: Date;
  /** How far the clock of a CRL's maker may be ahead; default 0. */
  readonly skewMs?: number | undefined;
  /** Where the CRLs come from, for errors. */
  readonly url?: string | undefined;
}

export interface CrlAnswer {
  /** The CRLs the answer rests on, all current. */
  readonly lists: readonly CertificateList[];
  /** Whose key signed the first of them. */
  readonly signer?: Certificate | undefined;
  /** Present when the certificate is revoked (or on hold). */
  readonly entry?: RevokedEntry | undefined;
}

/** The further a CRL came, the more its refusal says. */
const tellingOrder: readonly TrustErrorCode[] = [
  'CRL_MISSING',
  'CRL_SCOPE_MISMATCH',
  'CRL_CRITICAL_EXTENSION',
  'CRL_NOT_YET_VALID',
  'CRL_STALE',
  'CRL_SIGNATURE_INVALID',
  'CRL_ISSUER_NOT_AUTHORIZED',
];

/**
 * What CRLs say about one certificate at one instant (RFC 5280 6.3.3): complete, delta and indirect CRLs, by
 * distribution point, until every reason is covered.
 * @throws {TrustError} CRL_MISSING | CRL_SCOPE_MISMATCH | CRL_CRITICAL_EXTENSION | CRL_NOT_YET_VALID | CRL_STALE |
 *   CRL_SIGNATURE_INVALID | CRL_ISSUER_NOT_AUTHORIZED | PATH_BUDGET_EXHAUSTED
 */
export function judgeByCrls(question: CrlQuestion): CrlAnswer {
  const detail: TrustErrorDetail = { certificate: question.certificate.subject.text, url: question.url };
  const covered = new Set<number>();
  const used: CertificateList[] = [];
  let signer: Certificate | undefined;
  let failure = new TrustError('CRL_MISSING', 'There is no CRL for this certificate.', detail);
  // Of several current ones the newest speaks first.
  const crls = question.crls.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime());
  for (const point of distributionPointsOf(question.certificate))
    for (const list of crls) {
      if (list.baseCrlNumber !== undefined || !isByExpectedIssuer(list, question.certificate, point))
        continue;
      const reasons = reasonsOf(list, point);
      // RFC 5280 6.3.3 (e)
      if (reasons.every((reason) => covered.has(reason))) continue;
      try {
        const answer = judgeByOne(list, point, question, detail);
        used.push(...answer.lists);
        if (answer.entry !== undefined) return answer;
        signer ??= answer.signer;
        for (const reason of reasons) covered.add(reason);
      } catch (error) {
        if (!(error instanceof TrustError) || error.code === 'PATH_BUDGET_EXHAUSTED') throw error;
        if (tellingOrder.indexOf(error.code) > tellingOrder.indexOf(failure.code)) failure = error;
      }
    }
  if (allReasons.every((reason) => covered.has(reason))) return { lists: used, signer };
  if (failure.code !== 'CRL_MISSING' || covered.size === 0) throw failure;
  throw new TrustError('CRL_SCOPE_MISMATCH', 'The CRLs leave reasons for revocation open.', detail);
}

function judgeByOne(
  list: CertificateList,
  point: DistributionPoint,
  question: CrlQuestion,
  detail: TrustErrorDetail,
): CrlAnswer {
  if (!isInScope(list, question.certificate, point))
    throw new TrustError('CRL_SCOPE_MISMATCH', 'The CRL does not speak about this certificate.', detail);
  assertCrlUsable(list, question.at, detail, question.skewMs);
  const signer = findCrlSigner(list, question, detail);
  const delta = newestDelta(list, signer, question, detail);
  // RFC 5280 6.3.3 (i), (j), (k): what the delta says about the certificate takes the place of what the other says.
  const entry =
    (delta && findRevocation(delta, question.certificate)) ?? findRevocation(list, question.certificate);
  const lists = delta === undefined ? [list] : [list, delta];
  return entry === undefined || entry.reason === removeFromCrl ? { lists, signer } : { lists, signer, entry };
}

// RFC 5280 6.3.3 (h): a delta CRL by the same key. One that cannot be used leaves the complete CRL as it is.
function newestDelta(
  complete: CertificateList,
  signer: Certificate,
  question: CrlQuestion,
  detail: TrustErrorDetail,
): CertificateList | undefined {
  const usable = question.crls.filter((delta) => {
    if (!isDeltaFor(delta, complete)) return false;
    try {
      assertCrlUsable(delta, question.at, detail, question.skewMs);
      assertCrlSignedBy(delta, signer, question.meter, detail);
      return true;
    } catch (error) {
      if (error instanceof TrustError && error.code !== 'PATH_BUDGET_EXHAUSTED') return false;
      throw error;
    }
  });
  return usable.reduce<CertificateList | undefined>(
    (newest, delta) =>
      newest === undefined || (delta.crlNumber ?? 0n) > (newest.crlNumber ?? 0n) ? delta : newest,
    undefined,
  );
}
