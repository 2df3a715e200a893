import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import type { RevocationFinding, RevocationQuestion } from '../revocation/evidence.js';
import { isFinding, isJudgedFor } from '../revocation/finding.js';
import { questionAbout } from '../revocation/revocation-questions.js';

/** Looks up what is already known about a responder's certificate; undefined when nothing is. */
export type FindResponderStatus = (question: RevocationQuestion) => RevocationFinding | undefined;

export interface ResponderStatusRules {
  readonly issuer: Certificate;
  readonly above?: readonly Certificate[] | undefined;
  readonly at: Date;
  readonly findResponderStatus?: FindResponderStatus | undefined;
}

/**
 * Shows that whoever signed an answer is not revoked (RFC 6960 4.2.2.2.1): the issuer has a question of its own, a
 * delegate has id-pkix-ocsp-nocheck, or a CRL says that it is good. Another OCSP answer shows nothing here: it would
 * rest on a responder of the same kind, and so on without end.
 * @returns the finding the answer then rests on, if any
 * @throws {TrustError} OCSP_RESPONDER_STATUS_UNKNOWN | OCSP_RESPONDER_REVOKED
 */
export function assertResponderStatus(
  signer: Certificate,
  { issuer, above = [], at, findResponderStatus }: ResponderStatusRules,
): RevocationFinding | undefined {
  if (signer === issuer || signer.ocspNoCheck) return undefined;
  const finding = findResponderStatus?.(questionAbout(signer, issuer, above));
  const who = `The OCSP responder "${signer.subject.text}"`;
  if (!isAboutResponder(finding, signer) || !isJudgedFor(finding, { issuer, at })) {
    throw new TrustError(
      'OCSP_RESPONDER_STATUS_UNKNOWN',
      `${who} may itself be revoked: its certificate lacks id-pkix-ocsp-nocheck, and no CRL says that it is good`,
    );
  }
  if (finding.status === 'good') return finding;
  throw new TrustError('OCSP_RESPONDER_REVOKED', `${who} is itself revoked`);
}

function isAboutResponder(finding: unknown, signer: Certificate): finding is RevocationFinding {
  return (
    isFinding(finding) && finding.source === 'crl' && finding.certificate.fingerprint === signer.fingerprint
  );
}
