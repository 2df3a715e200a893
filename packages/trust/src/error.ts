/** Every reason for which the judge refuses. Closed: a new refusal gets a new code here. */
export type TrustErrorCode =
  | CertificateErrorCode
  | PathErrorCode
  | ProfileErrorCode
  | RevocationErrorCode
  | SignatureErrorCode;

/** A certificate that cannot be read or that no rule could accept. */
export type CertificateErrorCode =
  | 'CERTIFICATE_MALFORMED'
  | 'CERTIFICATE_PEM_MALFORMED'
  | 'CERTIFICATE_EXTENSION_MALFORMED'
  | 'CERTIFICATE_EXTENSION_DUPLICATE'
  | 'CERTIFICATE_ALGORITHMS_DISAGREE';

/** RFC 5280 section 6.1. */
export type PathErrorCode =
  | 'NO_TRUST_ANCHOR'
  | 'PATH_NOT_FOUND'
  | 'PATH_BUDGET_EXHAUSTED'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_SIGNATURE_INVALID'
  | 'CERTIFICATE_SERIAL_INVALID'
  | 'SIGNATURE_ALGORITHM_UNSUPPORTED'
  | 'KEY_TOO_WEAK'
  | 'KEY_UNSUPPORTED'
  | 'ISSUER_NOT_A_CA'
  | 'ISSUER_KEY_USAGE_FORBIDS'
  | 'PATH_TOO_LONG'
  | 'NAME_CONSTRAINT_VIOLATED'
  | 'CRITICAL_EXTENSION_UNKNOWN'
  | 'POLICY_NOT_ACCEPTED';

/** The product's profile on top of RFC 5280 (docs/verification.md). */
export type ProfileErrorCode =
  | 'PACKAGE_CERTIFICATES_OUT_OF_ORDER'
  | 'PACKAGE_CERTIFICATES_DUPLICATE'
  | 'PACKAGE_CERTIFICATES_TOO_MANY'
  | 'PACKAGE_CERTIFICATE_UNRELATED'
  | 'LEAF_IS_A_CA'
  | 'LEAF_KEY_NOT_RSA'
  | 'LEAF_KEY_USAGE_FORBIDS'
  | 'LEAF_EXTENDED_KEY_USAGE_FORBIDS'
  | 'PUBLISHER_NAME_INVALID';

export type RevocationErrorCode =
  | 'CERTIFICATE_REVOKED'
  | 'CERTIFICATE_STATUS_UNKNOWN'
  | 'REVOCATION_NOT_OFFERED'
  | 'REVOCATION_NOT_ASKED'
  | 'REVOCATION_FINDING_OUTDATED'
  | 'OCSP_UNREACHABLE'
  | 'OCSP_TIMEOUT'
  | 'OCSP_HTTP_STATUS'
  | 'OCSP_TOO_LARGE'
  | 'OCSP_REDIRECT_REFUSED'
  | 'OCSP_URL_REFUSED'
  | 'OCSP_ADDRESS_REFUSED'
  | 'OCSP_MALFORMED'
  | 'OCSP_TYPE_UNSUPPORTED'
  | 'OCSP_VERSION_UNSUPPORTED'
  | 'OCSP_NOT_SUCCESSFUL'
  | 'OCSP_SIGNATURE_INVALID'
  | 'OCSP_ALGORITHM_UNSUPPORTED'
  | 'OCSP_RESPONDER_UNKNOWN'
  | 'OCSP_RESPONDER_NOT_AUTHORIZED'
  | 'OCSP_RESPONDER_NOT_VALID_NOW'
  | 'OCSP_RESPONDER_STATUS_UNKNOWN'
  | 'OCSP_RESPONDER_REVOKED'
  | 'OCSP_CERTIFICATE_MISMATCH'
  | 'OCSP_ANSWER_AMBIGUOUS'
  | 'OCSP_NONCE_MISMATCH'
  | 'OCSP_NOT_FRESH'
  | 'OCSP_STALE'
  | 'OCSP_NOT_YET_VALID'
  | 'OCSP_WINDOW_INVALID'
  | 'OCSP_CRITICAL_EXTENSION'
  | 'CRL_UNREACHABLE'
  | 'CRL_TIMEOUT'
  | 'CRL_HTTP_STATUS'
  | 'CRL_TOO_LARGE'
  | 'CRL_REDIRECT_REFUSED'
  | 'CRL_URL_REFUSED'
  | 'CRL_ADDRESS_REFUSED'
  | 'CRL_MALFORMED'
  | 'CRL_SIGNATURE_INVALID'
  | 'CRL_ISSUER_NOT_AUTHORIZED'
  | 'CRL_STALE'
  | 'CRL_NOT_YET_VALID'
  | 'CRL_SCOPE_MISMATCH'
  | 'CRL_CRITICAL_EXTENSION'
  | 'CRL_MISSING';

export type SignatureErrorCode = 'SIGNATURE_OF_MAP_INVALID' | 'SIGNATURE_INVALID';

export interface TrustErrorDetail {
  /** Subject of the certificate concerned, RFC 4514. */
  certificate?: string | undefined;
  /** Archive entry concerned. */
  entry?: string | undefined;
  /** Responder or distribution point concerned. */
  url?: string | undefined;
  cause?: unknown;
}

/** A refusal by the judge: a code to act on, the certificate or entry concerned, a sentence for people. */
export class TrustError extends Error {
  override readonly name = 'TrustError';
  readonly code: TrustErrorCode;
  readonly certificate: string | undefined;
  readonly entry: string | undefined;
  readonly url: string | undefined;

  constructor(code: TrustErrorCode, message: string, detail: TrustErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.certificate = detail.certificate;
    this.entry = detail.entry;
    this.url = detail.url;
  }
}
