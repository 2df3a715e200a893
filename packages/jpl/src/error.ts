/** Every reason for which the package room refuses something. Closed: a new refusal gets a new code here. */
export type JplErrorCode = ArchiveErrorCode | PackageErrorCode | WritingErrorCode;

/** Refusals of what stands in a well-formed archive: certificate entry, signature map, manifest, texts, layout. */
export type PackageErrorCode =
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
  | 'LOCALE_MALFORMED'
  | 'LOCALE_DUPLICATE_KEY'
  | 'PREFERENCES_MALFORMED'
  | 'PREFERENCES_DUPLICATE_KEY'
  | 'PLATFORM_UNSUPPORTED'
  | 'INSTALLED_NAME_COLLISION'
  | 'INSTALLED_NAME_RESERVED';

/** Refusals of what is to be packed or signed. */
export type WritingErrorCode =
  | 'SIGNING_KEY_UNSUITABLE'
  | 'SIGNING_KEY_MISMATCH'
  | 'FILE_CHANGED'
  | 'WRITE_FAILED';

/** Refusals of the strict archive reader (docs/archives.md explains each). */
export type ArchiveErrorCode =
  | FileErrorCode
  | LimitErrorCode
  | LayoutErrorCode
  | HeaderErrorCode
  | NameErrorCode
  | DataErrorCode;

export type FileErrorCode =
  | 'FILE_NOT_FOUND'
  | 'FILE_NOT_READABLE'
  | 'NOT_A_FILE'
  | 'READ_FAILED'
  | 'EMPTY_FILE'
  | 'NOT_A_ZIP'
  | 'ARCHIVE_TRUNCATED';

export type LimitErrorCode =
  | 'ARCHIVE_TOO_LARGE'
  | 'ENTRY_TOO_LARGE'
  | 'TOTAL_TOO_LARGE'
  | 'TOO_MANY_ENTRIES'
  | 'RATIO_TOO_HIGH'
  | 'NAME_TOO_LONG'
  | 'NAME_COMPONENT_TOO_LONG'
  | 'NAME_TOO_DEEP';

/** The records must tile the file: local headers with data, central directory, end record, nothing else. */
export type LayoutErrorCode =
  | 'PREFIX_BYTES'
  | 'TRAILING_BYTES'
  | 'ARCHIVE_COMMENT'
  | 'MULTI_DISK'
  | 'ZIP64'
  | 'CENTRAL_DIRECTORY_MALFORMED'
  | 'CENTRAL_DIRECTORY_SIZE_WRONG'
  | 'ENTRY_COUNT_WRONG'
  | 'ENTRY_OUT_OF_ORDER'
  | 'GAP'
  | 'OVERLAP'
  | 'HIDDEN_ENTRY';

export type HeaderErrorCode =
  | 'LOCAL_HEADER_MALFORMED'
  | 'HEADERS_DISAGREE'
  | 'DESCRIPTOR_MALFORMED'
  | 'DESCRIPTOR_MISMATCH'
  | 'STORED_WITH_DESCRIPTOR'
  | 'STORED_SIZE_MISMATCH'
  | 'ENCRYPTED'
  | 'PATCH_DATA'
  | 'FLAG_RESERVED'
  | 'METHOD_UNSUPPORTED'
  | 'VERSION_NEEDED_UNSUPPORTED'
  | 'ENTRY_COMMENT'
  | 'EXTRA_FIELD_MALFORMED'
  | 'EXTRA_FIELD_UNSUPPORTED'
  | 'LINK'
  | 'SPECIAL_FILE'
  | 'SETUID'
  | 'ATTRIBUTES_RESERVED'
  | 'KIND_DISAGREES'
  | 'DIRECTORY_WITH_DATA';

export type NameErrorCode =
  | 'NAME_EMPTY'
  | 'NAME_NOT_UTF8'
  | 'NAME_CHARSET_AMBIGUOUS'
  | 'NAME_ABSOLUTE'
  | 'NAME_TRAVERSAL'
  | 'NAME_NOT_CANONICAL'
  | 'NAME_BACKSLASH'
  | 'NAME_CONTROL_CHARACTER'
  | 'NAME_BIDI_CHARACTER'
  | 'NAME_INVISIBLE_CHARACTER'
  | 'NAME_FORBIDDEN_CHARACTER'
  | 'NAME_TRAILING_DOT_OR_SPACE'
  | 'NAME_DEVICE'
  | 'NAME_SHORT_ALIAS'
  | 'NAME_RESOURCE_FORK'
  | 'DUPLICATE_NAME'
  | 'NAME_COLLISION'
  | 'FILE_FOLDER_COLLISION';

export type DataErrorCode =
  | 'DATA_MALFORMED'
  | 'DATA_TRUNCATED'
  | 'DATA_TRAILING_BYTES'
  | 'SIZE_MISMATCH'
  | 'CRC_MISMATCH'
  | 'ENTRY_UNKNOWN';

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
