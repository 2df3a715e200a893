/** A certification request (PKCS#10) that cannot be read or must not be certified. */
export type RequestErrorCode =
  | 'CSR_MALFORMED'
  | 'CSR_TOO_LARGE'
  | 'CSR_SIGNATURE_INVALID'
  | 'CSR_ALGORITHM_UNSUPPORTED'
  | 'CSR_KEY_UNSUPPORTED'
  | 'CSR_KEY_TOO_WEAK'
  | 'CSR_KEY_TOO_LARGE'
  | 'CSR_KEY_NOT_RSA'
  | 'CSR_KEY_OF_AN_AUTHORITY'
  | 'CSR_KEY_ALREADY_CERTIFIED'
  | 'CSR_KEY_COMPROMISED'
  | 'CSR_SUBJECT_INVALID'
  | 'CSR_SERIAL_NUMBER_NOT_ALLOWED'
  | 'ORGANIZATION_NAME_TAKEN'
  | 'ORGANIZATION_NAME_MISMATCH';

/** Something that was asked of the authority and that it does not do. */
export type DecisionErrorCode =
  | 'ARGUMENT_INVALID'
  | 'ISSUER_NOT_FOUND'
  | 'ISSUER_HAS_NO_KEY_HERE'
  | 'ISSUER_CERTIFICATE_INVALID'
  | 'ISSUER_EXPIRED'
  | 'ISSUER_REVOKED'
  | 'ISSUER_KEY_MISMATCH'
  | 'ORGANIZATION_NOT_FOUND'
  | 'CERTIFICATE_NOT_FOUND'
  | 'CERTIFICATE_REFERENCE_AMBIGUOUS'
  | 'CERTIFICATE_NOT_ISSUED_BY'
  | 'CERTIFICATE_ALREADY_REGISTERED'
  | 'REVOCATION_REASON_NOT_ALLOWED'
  | 'ROOT_NOT_REVOCABLE'
  | 'RESPONDER_NOT_REVOCABLE'
  | 'DELEGATION_NOT_REQUESTED'
  | 'DELEGATION_INVALID'
  | 'CRL_REFUSED'
  | 'CRL_NOT_AVAILABLE';

/** The authority's folder, its keys and its server. */
export type OperationErrorCode =
  | 'AUTHORITY_ALREADY_EXISTS'
  | 'AUTHORITY_NOT_FOUND'
  | 'AUTHORITY_BUSY'
  | 'AUTHORITY_CLOSED'
  | 'AUTHORITY_DAMAGED'
  | 'PASSPHRASE_REQUIRED'
  | 'PASSPHRASE_WRONG'
  | 'LEDGER_DAMAGED'
  | 'LEDGER_ROLLED_BACK'
  | 'LEDGER_NOT_WRITABLE'
  | 'STORAGE_FAILED'
  | 'ADMIN_UNREACHABLE'
  | 'ADMIN_ANSWER_INVALID'
  | 'ADMIN_NOT_ALLOWED'
  | 'REQUEST_INVALID'
  | 'REQUEST_TOO_LARGE'
  | 'ROUTE_NOT_FOUND'
  | 'INTERNAL_ERROR';

/** Closed: a new refusal gets a new code here and a row in `authorityErrorTable`. */
export type AuthorityErrorCode = RequestErrorCode | DecisionErrorCode | OperationErrorCode;

export interface AuthorityErrorDetail {
  /** Subject (RFC 4514) or serial number of the certificate concerned. */
  certificate?: string | undefined;
  /** File concerned. */
  path?: string | undefined;
  cause?: unknown;
}

/** A refusal by the authority: a code to act on, the certificate or file concerned, a sentence for people. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
  readonly code: AuthorityErrorCode;
  readonly certificate: string | undefined;
  readonly path: string | undefined;

  constructor(code: AuthorityErrorCode, message: string, detail: AuthorityErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.certificate = detail.certificate;
    this.path = detail.path;
  }
}
