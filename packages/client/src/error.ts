import {
  type ClientErrorCode,
  clientErrorTable,
  type NetworkErrorKind,
  networkErrorTable,
  resultCodeOf,
} from '@jami-plugin-store/contract';

/** The way to a server failed, or what came back cannot be used. */
export type NetworkErrorCode = keyof typeof networkErrorTable;

export type { ClientErrorCode } from '@jami-plugin-store/contract';

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
    this.network = isNetworkErrorCode(code) ? networkErrorTable[code].network : undefined;
    this.at = detail.at;
    this.status = detail.status;
    this.retryAfterMs = detail.retryAfterMs;
    if (code === 'SAME_VERSION') this.resultCode = resultCodeOf['same-version'];
    else if (code === 'NEWER_INSTALLED') this.resultCode = resultCodeOf['older-version'];
  }
}

/** HTTP status and title of a code, where it ends a request of the page. */
export function errorRowOf(code: ClientErrorCode): { status: number; title: string } {
  return clientErrorTable[code];
}

function isNetworkErrorCode(code: string): code is NetworkErrorCode {
  return Object.hasOwn(networkErrorTable, code);
}
