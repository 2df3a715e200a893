import type { Certificate, CertificateExtension } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { TrustError, type TrustErrorCode, type TrustErrorDetail } from '../error.js';
import type { RevocationFinding } from '../revocation/evidence.js';
import { makeFinding } from '../revocation/finding.js';
import { equal, namesCertificate } from './certificate-id.js';
import { ocspOids } from './ocsp-oids.js';
import { type BasicResponse, readOcspResponse, type SingleResponse } from './ocsp-response.js';
import { authorizedSigner } from './responder.js';
import { assertResponderStatus, type FindResponderStatus } from './responder-status.js';

export interface OcspAcceptance {
  readonly certificate: Certificate;
  /** The certificate directly above it, already judged. */
  readonly issuer: Certificate;
  /** Certificates of the path above the issuer, nearest first. */
  readonly above?: readonly Certificate[] | undefined;
  readonly at: Date;
  /** How far the responder's clock may be off. Default 300,000 (five minutes). */
  readonly skewMs?: number | undefined;
  /** As `createOcspRequest` gave it; null or absent when the request carried no nonce. */
  readonly nonceExtensionValue?: Uint8Array | null | undefined;
  /** An answer that does not repeat our nonce counts only while thisUpdate is at most one hour old. Default: a nonce was sent. */
  readonly requireFresh?: boolean | undefined;
  /**
   * Asked last, when all else holds, about a delegated responder whose certificate lacks id-pkix-ocsp-nocheck. What
   * counts is a finding that `acceptCrl` made with the question's certificates at this very `at`.
   */
  readonly findResponderStatus?: FindResponderStatus | undefined;
  /** Where the answer came from; for finding and error. */
  readonly url?: string | undefined;
}

export const defaultOcspSkewMs = 5 * 60_000;
const freshMs = 60 * 60_000;

/** RFC 6960 4.4: what is read here, or says nothing about this one certificate. */
const knownResponseExtensions: ReadonlySet<string> = new Set([ocspOids.nonce, ocspOids.extendedRevoke]);
const knownSingleExtensions: ReadonlySet<string> = new Set([ocspOids.crlReferences, ocspOids.archiveCutoff]);

/**
 * Accepts an OCSP answer about one certificate, or says why not (RFC 6960 3.2, RFC 5019 4, RFC 8954).
 * @param der  OCSPResponse as received
 * @returns a finding of status `good`, `revoked` or `unknown`
 * @throws {TrustError} OCSP_MALFORMED | OCSP_NOT_SUCCESSFUL | OCSP_TYPE_UNSUPPORTED | OCSP_VERSION_UNSUPPORTED |
 *   OCSP_RESPONDER_UNKNOWN | OCSP_RESPONDER_NOT_AUTHORIZED | OCSP_RESPONDER_NOT_VALID_NOW | OCSP_RESPONDER_STATUS_UNKNOWN |
 *   OCSP_RESPONDER_REVOKED | OCSP_SIGNATURE_INVALID | OCSP_ALGORITHM_UNSUPPORTED | OCSP_CERTIFICATE_MISMATCH | OCSP_ANSWER_AMBIGUOUS |
 *   OCSP_CRITICAL_EXTENSION | OCSP_NONCE_MISMATCH | OCSP_NOT_FRESH | OCSP_STALE | OCSP_NOT_YET_VALID | OCSP_WINDOW_INVALID
 * @throws {RangeError} `at` or `skewMs` that is no time
 */
export function acceptOcspResponse(der: Uint8Array, acceptance: OcspAcceptance): RevocationFinding {
  const { certificate, at, url } = acceptance;
  const skewMs = acceptance.skewMs ?? defaultOcspSkewMs;
  if (Number.isNaN(at.getTime()) || !(skewMs >= 0)) throw new RangeError('at and skewMs must be times');
  try {
    const response = readOcspResponse(der);
    const signer = authorizedSigner(response, acceptance);
    const answer = answerAbout(response, acceptance);
    assertExtensionsKnown(response.extensions, knownResponseExtensions);
    assertExtensionsKnown(answer.extensions, knownSingleExtensions);
    const nonceRepeated = assertNonce(response, acceptance.nonceExtensionValue ?? undefined);
    assertWindow(answer, response.producedAt, { at, skewMs });
    const requireFresh = acceptance.requireFresh ?? acceptance.nonceExtensionValue != null;
    if (requireFresh && !nonceRepeated && ageMs(answer, at) > freshMs) {
      throw new TrustError('OCSP_NOT_FRESH', 'The OCSP answer has no nonce and is more than one hour old');
    }
    const responder = assertResponderStatus(signer, acceptance);
    const { status, thisUpdate, revokedAt, reason } = answer;
    const { producedAt } = response;
    const nextUpdate = earlier(answer.nextUpdate, responder?.nextUpdate);
    const times = { thisUpdate, nextUpdate, producedAt, revokedAt };
    const nonce = acceptance.nonceExtensionValue == null ? undefined : nonceRepeated ? 'repeated' : 'absent';
    return makeFinding(
      { certificate, status, source: 'ocsp', url, ...times, reason, signer, nonce },
      acceptance,
    );
  } catch (error) {
    throw error instanceof TrustError ? about(error, { certificate: certificate.subject.text, url }) : error;
  }
}

/** RFC 6960 3.2 1: the answer is about the certificate that was asked for, and about it once only. */
function answerAbout({ answers }: BasicResponse, { certificate, issuer }: OcspAcceptance): SingleResponse {
  if (!namesEqual(certificate.issuer, issuer.subject)) {
    throw new TrustError(
      'OCSP_CERTIFICATE_MISMATCH',
      'The certificate was not issued by the issuer it is asked of',
    );
  }
  const [answer, second] = answers.filter(({ id }) => namesCertificate(id, certificate, issuer));
  if (answer === undefined) {
    throw new TrustError('OCSP_CERTIFICATE_MISMATCH', 'The OCSP answer is about another certificate');
  }
  if (second !== undefined) {
    throw new TrustError(
      'OCSP_ANSWER_AMBIGUOUS',
      'The OCSP answer speaks about the certificate more than once',
    );
  }
  return answer;
}

// RFC 6960 4.4: unrecognized extensions are ignored unless they are critical.
function assertExtensionsKnown(
  extensions: ReadonlyMap<string, CertificateExtension>,
  known: ReadonlySet<string>,
): void {
  for (const { oid, critical } of extensions.values()) {
    if (!critical || known.has(oid)) continue;
    throw new TrustError(
      'OCSP_CRITICAL_EXTENSION',
      `The OCSP answer has an unknown critical extension (${oid})`,
    );
  }
}

/**
 * True when the answer repeats our nonce. One that carries none may be an answer made in advance (RFC 5019 4);
 * one that carries a nonce nobody sent is somebody else's answer, kept and passed on: no less true, no fresher.
 */
function assertNonce({ extensions }: BasicResponse, sent: Uint8Array | undefined): boolean {
  const received = extensions.get(ocspOids.nonce)?.value;
  if (sent === undefined || received === undefined) return false;
  if (!equal(sent, received)) {
    throw new TrustError(
      'OCSP_NONCE_MISMATCH',
      'The OCSP answer repeats another nonce than the one that was sent',
    );
  }
  return true;
}

interface Clock {
  readonly at: Date;
  readonly skewMs: number;
}

/** RFC 6960 3.2 5-6, 4.2.2.1; RFC 5019 4. */
function assertWindow(answer: SingleResponse, producedAt: Date, { at, skewMs }: Clock): void {
  const { thisUpdate, nextUpdate } = answer;
  const latestMs = at.getTime() + skewMs;
  if (thisUpdate.getTime() > latestMs || producedAt.getTime() > latestMs) {
    throw new TrustError('OCSP_NOT_YET_VALID', 'The OCSP answer lies in the future');
  }
  if (thisUpdate.getTime() > producedAt.getTime() + skewMs) {
    throw new TrustError('OCSP_WINDOW_INVALID', 'The OCSP answer was signed before the state it tells of');
  }
  if (nextUpdate === undefined) {
    // RFC 6960 4.2.2.1: newer information is always to be had, so only a new answer counts.
    if (ageMs(answer, at) <= freshMs) return;
    throw new TrustError('OCSP_STALE', 'The OCSP answer names no end and is more than one hour old');
  }
  if (nextUpdate < thisUpdate) {
    throw new TrustError('OCSP_WINDOW_INVALID', 'The OCSP answer ends before it begins');
  }
  if (nextUpdate.getTime() < at.getTime() - skewMs) {
    throw new TrustError('OCSP_STALE', `The OCSP answer was valid until ${nextUpdate.toISOString()} only`);
  }
}

/** An answer that names no end has none; else it ends with what its responder's own status rests on. */
function earlier(end: Date | undefined, other: Date | undefined): Date | undefined {
  return end !== undefined && other !== undefined && other < end ? other : end;
}

function ageMs({ thisUpdate }: SingleResponse, at: Date): number {
  return at.getTime() - thisUpdate.getTime();
}

/** The same refusal, saying which certificate and responder it is about. */
function about(error: TrustError, detail: TrustErrorDetail): TrustError {
  const code: TrustErrorCode = error.code;
  return new TrustError(code, error.message, { ...detail, cause: error.cause });
}
