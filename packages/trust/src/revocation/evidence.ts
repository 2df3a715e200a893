import type { Certificate } from '../certificate/certificate.js';

/** `required`: every certificate below the anchor needs an answer; `when-named`: those that name a source; `off`: none. */
export type RevocationMode = 'required' | 'when-named' | 'off';

/** What must be asked about one certificate of a path before a verdict can be given. */
export interface RevocationQuestion {
  readonly certificate: Certificate;
  /** The certificate directly above it in the path (may be the anchor). */
  readonly issuer: Certificate;
  /** Certificates of the path above the issuer, nearest first: they may have signed a CRL that names them. */
  readonly above?: readonly Certificate[] | undefined;
  /** http(s) responders named by the certificate, in order. */
  readonly ocspUrls: readonly string[];
  readonly crlUrls: readonly string[];
}

export type RevocationSource = 'ocsp' | 'crl' | 'none';

/** One answer about one certificate. Only `trust` makes these, out of accepted evidence. */
export interface RevocationFinding {
  readonly certificate: Certificate;
  readonly status: 'good' | 'revoked' | 'unknown' | 'not-offered' | 'not-asked';
  readonly source: RevocationSource;
  readonly url?: string | undefined;
  readonly thisUpdate?: Date | undefined;
  readonly nextUpdate?: Date | undefined;
  readonly producedAt?: Date | undefined;
  readonly revokedAt?: Date | undefined;
  /** RFC 5280 5.3.1 reason name, e.g. `keyCompromise`. */
  readonly reason?: string | undefined;
  /** Whose key signed the evidence. */
  readonly signer?: Certificate | undefined;
  /** Whether an OCSP answer repeats the nonce; undefined when none was sent. */
  readonly nonce?: 'repeated' | 'absent' | undefined;
  /** cRLNumber of the CRL, or of the delta CRL that brought it up to date. */
  readonly crlNumber?: bigint | undefined;
}

/**
 * Answers the questions of one path, all at once; handed to the judge (which does no I/O itself).
 * One finding for each question, in order.
 * @throws {TrustError} the responder's reason, when a certificate has neither a valid OCSP answer nor a valid CRL
 */
export type AskRevocation = (
  questions: readonly RevocationQuestion[],
  options: { readonly at: Date; readonly signal?: AbortSignal | undefined },
) => Promise<readonly RevocationFinding[]>;
