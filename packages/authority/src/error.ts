import type { AuthorityErrorCode } from '@jami-plugin-store/contract';

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
