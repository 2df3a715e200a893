/** Every reason for which the package room refuses something. Closed: a new refusal gets a new code here. */
export type JplErrorCode =
  | ArchiveErrorCode
  | 'SIGNATURE_MAP_MISSING'
  | 'SIGNATURE_MAP_MALFORMED'
  | 'SIGNATURE_MAP_DUPLICATE_KEY'
  | 'SIGNATURE_OF_MAP_MISSING'
  | 'ENTRY_NOT_SIGNED'
  | 'SIGNATURE_WITHOUT_ENTRY'
  | 'CERTIFICATE_MISSING'
  | 'CERTIFICATE_NOT_UNIQUE'
  | 'MANIFEST_MISSING'
  | 'MANIFEST_MALFORMED'
  | 'MANIFEST_DUPLICATE_KEY'
  | 'PLUGIN_ID_INVALID'
  | 'VERSION_INVALID'
  | 'CERTIFICATE_NAME_MISMATCH'
  | 'PLATFORM_UNSUPPORTED'
  | 'INSTALLED_NAME_COLLISION'
  | 'INSTALLED_NAME_RESERVED';

/** Refusals of the strict archive reader. */
export type ArchiveErrorCode =
  | 'FILE_NOT_FOUND'
  | 'FILE_NOT_READABLE'
  | 'NOT_A_FILE'
  | 'READ_FAILED'
  | 'EMPTY_FILE'
  | 'NOT_A_ZIP';

export interface JplErrorDetail {
  /** Name of the archive entry concerned. */
  entry?: string | undefined;
  /** Byte offset in the archive where the contradiction was found. */
  offset?: number | undefined;
  cause?: unknown;
}

/** A refusal by the package room: a code to act on, the entry and offset concerned, a sentence for people. */
export class JplError extends Error {
  override readonly name = 'JplError';
  readonly code: JplErrorCode;
  readonly entry: string | undefined;
  readonly offset: number | undefined;

  constructor(code: JplErrorCode, message: string, detail: JplErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.entry = detail.entry;
    this.offset = detail.offset;
  }
}
