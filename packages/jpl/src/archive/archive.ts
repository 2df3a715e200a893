/** Where an archive's bytes come from. Opened once, never looked up by path again. */
export interface ByteSource {
  /** Length in bytes, fixed when the source was made. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `position`.
   * @throws {JplError} READ_FAILED when the bytes are not there (the file shrank, I/O error)
   */
  read(position: number, length: number): Promise<Buffer>;
}

export interface ArchiveLimits {
  maxArchiveBytes: number;
  maxEntryBytes: number;
  maxTotalBytes: number;
  maxEntries: number;
  /** Largest allowed uncompressed / compressed size of one entry (1032 is the most deflate can do). */
  maxRatio: number;
  maxNameBytes: number;
  maxDepth: number;
}

export interface ArchiveEntry {
  /** UTF-8 name with `/` separators, exactly as stored; a directory ends with `/`. */
  readonly name: string;
  readonly kind: 'file' | 'directory';
  /** Uncompressed bytes. */
  readonly size: number;
  readonly compressedSize: number;
  readonly method: 'stored' | 'deflate';
  readonly crc32: number;
  /** Offset of the local header. */
  readonly offset: number;
}

/** A structurally proven archive: every entry is listed, none overlaps, both headers agree. */
export interface Archive {
  /** Bytes of the whole archive. */
  readonly size: number;
  /** In the order of the central directory (which is the order of the local headers). */
  readonly entries: readonly ArchiveEntry[];
  get(name: string): ArchiveEntry | undefined;
  /**
   * The whole content of an entry; size and CRC are proven before it resolves.
   * @throws {JplError} the code of what is wrong with the entry's data
   */
  read(entry: ArchiveEntry): Promise<Buffer>;
  /**
   * The content in chunks, bounded memory; throws at the end when size or CRC do not hold,
   * so nothing streamed may be acted on before the stream has ended.
   */
  stream(entry: ArchiveEntry): AsyncIterable<Buffer>;
}
