import type { Certificate } from '../certificate/certificate.js';
import { extensionOids } from '../certificate/extension-oids.js';
import { namesEqual } from '../certificate/name.js';
import { assertIssuedBy, assertSigned } from '../certificate/signed-data.js';
import { TrustError, type TrustErrorCode } from '../error.js';
import { equal, keyHashOf } from './certificate-id.js';
import { ocspOids } from './ocsp-oids.js';
import type { BasicResponse, ResponderId } from './ocsp-response.js';

export interface ResponderRules {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly at: Date;
}

/** What a responder's certificate may mark critical: all that is judged here or cannot narrow what it may sign. */
const knownCritical: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.basicConstraints,
  extensionOids.subjectAltName,
  extensionOids.issuerAltName,
  extensionOids.certificatePolicies,
  extensionOids.crlDistributionPoints,
  extensionOids.ocspNoCheck,
]);

/**
 * Shows that the answer was signed by the issuer itself, or by a responder to whom that issuer delegated it
 * directly (RFC 6960 4.2.2.2). The issuer's own key usage is not asked: whoever may appoint responders may answer.
 * Whether the responder is itself revoked is `assertResponderStatus`.
 * @throws {TrustError} OCSP_RESPONDER_UNKNOWN | OCSP_RESPONDER_NOT_AUTHORIZED | OCSP_RESPONDER_NOT_VALID_NOW |
 *   OCSP_SIGNATURE_INVALID | OCSP_ALGORITHM_UNSUPPORTED
 */
export function authorizedSigner(response: BasicResponse, rules: ResponderRules): Certificate {
  const refusals: TrustError[] = [];
  for (const signer of signersOf(response, rules.issuer)) {
    try {
      if (signer !== rules.issuer) assertDelegated(signer, rules);
      assertSignedBy(response, signer);
      return signer;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      refusals.push(error);
    }
  }
  // Where a delegate bears the issuer's name, what is wrong with the delegate says more than "not the issuer's signature".
  throw refusals.at(-1) ?? unknownResponder(response.responder);
}

/** Those whom the answer can mean: the issuer, then the certificates it brought. */
function signersOf({ responder, certificates }: BasicResponse, issuer: Certificate): Certificate[] {
  const delegates = certificates.filter((one) => !equal(one.publicKey.spki, issuer.publicKey.spki));
  return [issuer, ...delegates].filter((one) => isMeant(responder, one));
}

function isMeant(responder: ResponderId, candidate: Certificate): boolean {
  if (responder.by === 'name') return namesEqual(responder.name, candidate.subject);
  return equal(responder.keyHash, keyHashOf(candidate));
}

function assertDelegated(responder: Certificate, { certificate, issuer, at }: ResponderRules): void {
  assertIssuedDirectly(responder, issuer);
  // RFC 6960 4.2.2.2: id-kp-OCSPSigning itself; anyExtendedKeyUsage delegates nothing.
  if (responder.extendedKeyUsage?.has(ocspOids.ocspSigning) !== true) {
    throw notAuthorized(responder, 'its certificate is not for OCSP signing');
  }
  // RFC 5280 4.2.1.12: what OCSP signing goes together with.
  const { keyUsage } = responder;
  if (keyUsage !== undefined && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) {
    throw notAuthorized(responder, 'its key usage does not include digital signatures');
  }
  // A CA that may also answer for its siblings' parent is an accident, not a delegation.
  if (responder.basicConstraints?.cA === true || keyUsage?.has('keyCertSign') === true) {
    throw notAuthorized(responder, 'its certificate is one of a CA');
  }
  if (responder.fingerprint === certificate.fingerprint)
    throw notAuthorized(responder, 'it answers about itself');
  for (const { oid, critical } of responder.extensions.values()) {
    if (critical && !knownCritical.has(oid)) {
      throw notAuthorized(responder, `its certificate has an unknown critical extension (${oid})`);
    }
  }
  assertValidNow(responder, at);
}

function assertIssuedDirectly(responder: Certificate, issuer: Certificate): void {
  if (!namesEqual(responder.issuer, issuer.subject)) {
    throw notAuthorized(responder, 'its certificate was issued by somebody else');
  }
  try {
    assertIssuedBy(responder, issuer);
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw notAuthorized(responder, `its certificate is not signed by the issuer: ${cause.message}`, cause);
  }
}

function assertValidNow(responder: Certificate, at: Date): void {
  if (at < responder.notBefore)
    throw refusal('OCSP_RESPONDER_NOT_VALID_NOW', responder, 'has no valid certificate yet');
  if (at > responder.notAfter)
    throw refusal('OCSP_RESPONDER_NOT_VALID_NOW', responder, 'has an expired certificate');
}

function assertSignedBy(response: BasicResponse, signer: Certificate): void {
  try {
    assertSigned(response, signer.publicKey, signer.subject.text);
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    const forged = cause.code === 'CERTIFICATE_SIGNATURE_INVALID';
    throw refusal(
      forged ? 'OCSP_SIGNATURE_INVALID' : 'OCSP_ALGORITHM_UNSUPPORTED',
      signer,
      forged ? 'has not signed this answer' : `signed in a way that is not accepted: ${cause.message}`,
      cause,
    );
  }
}

function unknownResponder(responder: ResponderId): TrustError {
  const who = responder.by === 'name' ? `"${responder.name.text}"` : 'known only by its key';
  return new TrustError(
    'OCSP_RESPONDER_UNKNOWN',
    `The OCSP answer is by a responder (${who}) that is neither the issuer nor shown by a certificate`,
  );
}

function notAuthorized(responder: Certificate, why: string, cause?: unknown): TrustError {
  return refusal('OCSP_RESPONDER_NOT_AUTHORIZED', responder, `may not answer for this issuer: ${why}`, cause);
}

function refusal(code: TrustErrorCode, responder: Certificate, what: string, cause?: unknown): TrustError {
  return new TrustError(code, `The OCSP responder "${responder.subject.text}" ${what}`, { cause });
}
