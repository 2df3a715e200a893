/** How a refusal of the authority leaves over HTTP (RFC 9457). */
export interface AuthorityErrorRow {
  readonly status: number;
  readonly title: string;
}

const row = (status: number, title: string): AuthorityErrorRow => ({ status, title });

/** A certification request (PKCS#10) that cannot be read or must not be certified: its sender can mend it. */
export const authorityRequestErrors = {
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
} as const satisfies Readonly<Record<string, AuthorityErrorRow>>;

/** Something that was asked of the authority and that it does not do. */
export const authorityDecisionErrors = {
  ARGUMENT_INVALID: row(400, 'An argument is not acceptable'),
  ISSUER_NOT_FOUND: row(404, 'No such issuer'),
  ISSUER_HAS_NO_KEY_HERE: row(409, 'The key of this issuer is not held here'),
  ISSUER_CERTIFICATE_INVALID: row(422, 'The issuer certificate cannot issue'),
  ISSUER_EXPIRED: row(409, 'The issuer certificate is not valid at this time'),
  ISSUER_REVOKED: row(409, 'The issuer certificate is revoked'),
  ISSUER_KEY_MISMATCH: row(422, 'The key does not belong to the issuer certificate'),
  ORGANIZATION_NOT_FOUND: row(404, 'No such organization'),
  REQUEST_ID_REUSED: row(409, 'This request id belongs to another request'),
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
  CREDENTIAL_NAME_TAKEN: row(409, 'A credential of this name is in force'),
  CREDENTIAL_NOT_FOUND: row(404, 'No such credential'),
} as const satisfies Readonly<Record<string, AuthorityErrorRow>>;

/** Who asks: what a credential (or the lack of one) does not open. */
export const authorityAccessErrors = {
  ADMIN_NOT_ALLOWED: row(401, 'The administrative secret is missing or wrong'),
  CREDENTIAL_MISSING: row(401, 'A credential is needed'),
  CREDENTIAL_UNKNOWN: row(401, 'The credential was not issued by this authority'),
  CREDENTIAL_EXPIRED: row(401, 'The credential is not valid at this time'),
  CREDENTIAL_REVOKED: row(401, 'The credential was revoked'),
  CREDENTIAL_ROLE_FORBIDS: row(403, 'The role of the credential does not allow this'),
  RATE_LIMITED: row(429, 'Too many requests'),
} as const satisfies Readonly<Record<string, AuthorityErrorRow>>;

/** The authority's folder, its keys and its servers. */
export const authorityOperationErrors = {
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
  CRL_OUTDATED: row(503, 'The revocation list waits for the authority to renew it'),
  RESPONDER_NOT_AVAILABLE: row(503, 'The signer of answers waits for the authority to renew it'),
  TOO_MANY_LISTENERS: row(503, 'Too many listen for revocations already'),
  CREDENTIAL_FILE_INVALID: row(422, 'The credential file cannot be used'),
  ADMIN_UNREACHABLE: row(503, 'The authority server does not answer'),
  ADMIN_NOT_TRUSTED: row(502, 'The server is not the authority that issued the credential'),
  ADMIN_ANSWER_INVALID: row(502, 'The authority server gave an answer that makes no sense'),
  REQUEST_INVALID: row(400, 'The request is not well formed'),
  REQUEST_TOO_LARGE: row(413, 'The request is too large'),
  ROUTE_NOT_FOUND: row(404, 'No such route'),
  INTERNAL_ERROR: row(500, 'The authority failed'),
} as const satisfies Readonly<Record<string, AuthorityErrorRow>>;

/** One row for each code of the authority. */
export const authorityErrorTable = {
  ...authorityRequestErrors,
  ...authorityDecisionErrors,
  ...authorityAccessErrors,
  ...authorityOperationErrors,
} as const;
export type AuthorityErrorCode = keyof typeof authorityErrorTable;
