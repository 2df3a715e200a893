import { type StoreErrorCode, storeErrorTable } from '@jami-plugin-store/contract';

export type { StoreErrorCode };

export interface StoreErrorDetail {
  /** File or folder of the operator concerned; never shown to a requester. */
  file?: string | undefined;
  /** Parameter of the address that is wrong. */
  parameter?: string | undefined;
  /** Extra response header fields the refusal calls for, e.g. `content-range` of a 416. */
  headers?: Readonly<Record<string, string>> | undefined;
  cause?: unknown;
}

/** A refusal by the store: a code to act on, an HTTP status, a sentence for people. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly status: number;
  readonly file: string | undefined;
  readonly parameter: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: StoreErrorCode, message: string, detail: StoreErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.status = storeErrorTable[code].status;
    this.file = detail.file;
    this.parameter = detail.parameter;
    this.headers = detail.headers ?? {};
  }
}
