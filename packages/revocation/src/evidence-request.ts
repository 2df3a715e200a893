/** What is being fetched; decides the prefix of every error code (`OCSP_…` or `CRL_…`). */
export type EvidenceKind = 'ocsp' | 'crl';

/** The head of one HTTP message as it went over the wire: start line and header fields, lines ended by CRLF. */
export interface WireHead {
  readonly direction: 'sent' | 'received';
  readonly url: string;
  readonly text: string;
  /** Of an answer. */
  readonly status?: number | undefined;
}

/** One question to one server. */
export interface EvidenceRequest {
  readonly kind: EvidenceKind;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** DER of the OCSP request (POST only). */
  readonly body?: Uint8Array | undefined;
  /** Ends the request; the fetcher then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each head that is sent or received; must not throw. */
  readonly onHead?: ((head: WireHead) => void) | undefined;
}

/** A server's 200 answer: bytes that nobody has judged. */
export interface EvidenceAnswer {
  readonly bytes: Buffer;
  /** Where the answer came from after redirects. */
  readonly url: string;
}

/**
 * Brings the bytes of one answer.
 * @throws {TrustError} `OCSP_…` or `CRL_…` with UNREACHABLE | TIMEOUT | HTTP_STATUS | TOO_LARGE | REDIRECT_REFUSED | URL_REFUSED | ADDRESS_REFUSED
 */
export type FetchEvidence = (request: EvidenceRequest) => Promise<EvidenceAnswer>;
