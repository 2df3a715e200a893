import type { AuthorityErrorCode } from './error.js';

export interface AuthorityErrorRow {
  /** HTTP status of the administrative listener's answer. */
  readonly status: number;
  readonly title: string;
}

const row = (status: number, title: string): AuthorityErrorRow => ({ status, title });

/** The one table from a refusal's code to the wire (RFC 9457). */
export const authorityErrorTable: Readonly<Record<AuthorityErrorCode, AuthorityErrorRow>> = {
  CSR_MALFORMED: row(422, 'The certificate request cannot be read'),
  CSR_TOO_LARGE: row(413, 'The certificate request is too large'),
  CSR_SIGNATURE_INVALID: row(422, 'The certificate request is not signed by its own key'),
  CSR_ALGORITHM_UNSUPPORTED: row(422, 'The certificate request uses an unsupported signature algorithm'),
  CSR_KEY_UNSUPPORTED: row(422, 'This kind of key is not supported'),
  CSR_KEY_TOO_WEAK: row(422, 'The key is too weak'),
  CSR_KEY_TOO_LARGE: row(422, 'The key is too large'),
  CSR_KEY_NOT_RSA: row(422, 'A plugin key must be RSA'),
  CSR_KEY_OF_AN_AUTHORITY: row(409, 'The key already issues or answers for certificates'),
  CSR_KEY_ALREADY_CERTIFIED: row(409, 'The key already belongs to another organization'),
  CSR_KEY_COMPROMISED: row(409, 'The key was revoked as compromised'),
  CSR_SUBJECT_INVALID: row(422, 'The name in the certificate request is not acceptable'),
  CSR_SERIAL_NUMBER_NOT_ALLOWED: row(422, 'The subject serial number is assigned by the authority'),
  ORGANIZATION_NAME_TAKEN: row(409, 'Another organization has this name'),
  ORGANIZATION_NAME_MISMATCH: row(409, 'The name differs from the organization to renew'),

  ARGUMENT_INVALID: row(400, 'An argument is not acceptable'),
  ISSUER_NOT_FOUND: row(404, 'No such issuer'),
  ISSUER_HAS_NO_KEY_HERE: row(409, 'The key of this issuer is not held here'),
  ISSUER_CERTIFICATE_INVALID: row(422, 'The issuer certificate cannot issue'),
  ISSUER_EXPIRED: row(409, 'The issuer certificate is not valid at this time'),
  ISSUER_REVOKED: row(409, 'The issuer certificate is revoked'),
  ISSUER_KEY_MISMATCH: row(422, 'The key does not belong to the issuer certificate'),
  ORGANIZATION_NOT_FOUND: row(404, 'No such organization'),
  CERTIFICATE_NOT_FOUND: row(404, 'No such certificate'),
  CERTIFICATE_REFERENCE_AMBIGUOUS: row(409, 'Several certificates match'),
  CERTIFICATE_NOT_ISSUED_BY: row(422, 'The certificate was not issued by this organization'),
  CERTIFICATE_ALREADY_REGISTERED: row(409, 'Another certificate has this serial number'),
  REVOCATION_REASON_NOT_ALLOWED: row(422, 'This revocation reason is not offered'),
  ROOT_NOT_REVOCABLE: row(409, 'A root certificate cannot be revoked by itself'),
  RESPONDER_NOT_REVOCABLE: row(409, 'A responder certificate is replaced, not revoked'),
  DELEGATION_NOT_REQUESTED: row(409, 'No delegation was requested for this organization'),
  DELEGATION_INVALID: row(422, 'The responder certificate does not delegate to this authority'),
  CRL_REFUSED: row(422, 'The revocation list is not acceptable'),
  CRL_NOT_AVAILABLE: row(404, 'This issuer has published no revocation list'),

  AUTHORITY_ALREADY_EXISTS: row(409, 'There already is an authority in this folder'),
  AUTHORITY_NOT_FOUND: row(404, 'There is no authority in this folder'),
  AUTHORITY_BUSY: row(409, 'Another process uses this authority'),
  AUTHORITY_CLOSED: row(503, 'The authority is closed'),
  AUTHORITY_DAMAGED: row(500, 'A file of the authority is damaged'),
  PASSPHRASE_REQUIRED: row(401, 'The keys are protected by a passphrase'),
  PASSPHRASE_WRONG: row(401, 'The passphrase does not open the keys'),
  LEDGER_DAMAGED: row(500, 'The ledger is damaged'),
  LEDGER_ROLLED_BACK: row(500, 'The ledger is older than what was published from it'),
  LEDGER_NOT_WRITABLE: row(503, 'The ledger cannot be written'),
  STORAGE_FAILED: row(503, 'A file of the authority cannot be read or written'),
  ADMIN_UNREACHABLE: row(503, 'The authority server does not answer'),
  ADMIN_ANSWER_INVALID: row(502, 'The authority server gave an answer that makes no sense'),
  ADMIN_NOT_ALLOWED: row(401, 'The administrative secret is missing or wrong'),
  REQUEST_INVALID: row(400, 'The request is not well formed'),
  REQUEST_TOO_LARGE: row(413, 'The request is too large'),
  ROUTE_NOT_FOUND: row(404, 'No such route'),
  INTERNAL_ERROR: row(500, 'The authority failed'),
};
