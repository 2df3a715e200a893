import { type NetworkErrorKind, resultCodeOf } from '@jami-plugin-store/contract';

/** The way to a server failed, or what came back cannot be used. Each belongs to one of Jami's six kinds. */
export type NetworkErrorCode = keyof typeof networkKindOf;

/** Jami's kind of every network code: the outer face, while the code stays exact. */
export const networkKindOf = {
  NAME_NOT_RESOLVED: 'DISCONNECTED',
  CONNECTION_REFUSED: 'DISCONNECTED',
  HOST_UNREACHABLE: 'DISCONNECTED',
  CONNECT_TIMEOUT: 'DISCONNECTED',
  CONNECTION_LOST: 'NETWORK_ERROR',
  SERVER_STALLED: 'NETWORK_ERROR',
  TOTAL_TIMEOUT: 'NETWORK_ERROR',
  TLS_CERTIFICATE_REJECTED: 'SSL_ERROR',
  TLS_FAILED: 'SSL_ERROR',
  NOT_FOUND: 'CONTENT_NOT_FOUND',
  ACCESS_DENIED: 'ACCESS_DENIED',
  HTTP_STATUS: 'NETWORK_ERROR',
  CANCELED: 'CANCELED',
  CLIENT_CLOSED: 'CANCELED',
  REDIRECT_REFUSED: 'NETWORK_ERROR',
  TOO_MANY_REDIRECTS: 'NETWORK_ERROR',
  URL_INVALID: 'NETWORK_ERROR',
  URL_INSECURE: 'SSL_ERROR',
  ANSWER_TOO_LARGE: 'NETWORK_ERROR',
  ANSWER_MALFORMED: 'NETWORK_ERROR',
  ANSWER_ENCODED: 'NETWORK_ERROR',
  RANGE_MALFORMED: 'NETWORK_ERROR',
  LENGTH_UNKNOWN: 'NETWORK_ERROR',
  LENGTH_MISMATCH: 'NETWORK_ERROR',
  DIGEST_MISMATCH: 'NETWORK_ERROR',
  NETWORK_FAILED: 'NETWORK_ERROR',
} as const satisfies Record<string, NetworkErrorKind>;

/** Refusals that are not the network's. */
export type LocalErrorCode =
  | 'CACHE_NOT_PRIVATE'
  | 'CACHE_NOT_WRITABLE'
  | 'DISK_FULL'
  | 'DOWNLOAD_BUSY'
  | 'DAEMON_UNAVAILABLE'
  | 'DAEMON_ANSWER_INVALID'
  | 'PLUGIN_ID_INVALID'
  | 'PLUGIN_UNKNOWN'
  | 'PLUGIN_OF_OTHER_STORE'
  | 'SAME_VERSION'
  | 'NEWER_INSTALLED'
  | 'ACTION_NOT_POSSIBLE'
  | 'STORE_NAME_INVALID'
  | 'STORE_NAME_TAKEN'
  | 'STORE_NOT_CONFIGURED'
  | 'STORE_URL_INVALID'
  | 'STORE_URL_INSECURE'
  | 'STORES_FILE_INVALID'
  | 'STORES_FILE_NOT_READABLE'
  | 'STORES_FILE_NOT_WRITABLE'
  | 'ROOT_CERTIFICATE_INVALID'
  | 'ROOT_DIGEST_INVALID'
  | 'ROOT_DIGEST_MISMATCH';

export type ClientErrorCode = NetworkErrorCode | LocalErrorCode;

export interface ClientErrorDetail {
  /** URL, file or socket concerned. */
  at?: string | undefined;
  /** HTTP status of the answer. */
  status?: number | undefined;
  /** How long the server asked to wait before asking again. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** A failure of the client: exact code, Jami's kind where it is the network's, a sentence for people. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  readonly network: NetworkErrorKind | undefined;
  readonly at: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** Jami's result code, where this client knows the daemon's answer without asking. */
  readonly resultCode: number | undefined;

  constructor(code: ClientErrorCode, message: string, detail: ClientErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.network = isNetworkErrorCode(code) ? networkKindOf[code] : undefined;
    this.at = detail.at;
    this.status = detail.status;
    this.retryAfterMs = detail.retryAfterMs;
    if (code === 'SAME_VERSION') this.resultCode = resultCodeOf['same-version'];
    else if (code === 'NEWER_INSTALLED') this.resultCode = resultCodeOf['older-version'];
  }
}

function isNetworkErrorCode(code: string): code is NetworkErrorCode {
  return Object.hasOwn(networkKindOf, code);
}
