import { JplError } from '../error.js';
import type { ArchiveLimits, ByteSource } from './archive.js';
import { maxExtraFieldBytes } from './limits.js';

/** What the end of central directory record says, proven against the file's size (APPNOTE 4.3.16). */
export interface EndRecord {
  readonly entryCount: number;
  readonly directoryOffset: number;
  readonly directorySize: number;
}

const recordBytes = 22;
const signature = 0x06054b50;
const zip64LocatorBytes = 20;
const zip64LocatorSignature = 0x07064b50;
const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const centralFixedBytes = 46;
const maxCommentBytes = 0xffff;

/**
 * Reads the end record, which must be the last 22 bytes of the file and describe a directory that ends where it begins.
 * @throws {JplError} NOT_A_ZIP | ARCHIVE_TRUNCATED | TRAILING_BYTES | ARCHIVE_COMMENT | MULTI_DISK | ZIP64 |
 *   TOO_MANY_ENTRIES | ENTRY_COUNT_WRONG | PREFIX_BYTES | CENTRAL_DIRECTORY_SIZE_WRONG
 */
export async function readEndRecord(source: ByteSource, limits: ArchiveLimits): Promise<EndRecord> {
  const offset = source.size - recordBytes;
  if (offset < 0) throw await missingEndRecord(source);
  const tailBytes = Math.min(source.size, recordBytes + zip64LocatorBytes);
  const tail = await source.read(source.size - tailBytes, tailBytes);
  const record = tail.subarray(tailBytes - recordBytes);
  if (record.readUInt32LE(0) !== signature) throw await missingEndRecord(source);
  if (record.readUInt16LE(20) !== 0) {
    throw new JplError('ARCHIVE_TRUNCATED', 'The archive ends before its comment does.', { offset });
  }
  // Readers look for the ZIP64 locator here whatever the record says (libarchive does).
  const hasRoomForLocator = tailBytes === recordBytes + zip64LocatorBytes;
  if (hasRoomForLocator && tail.readUInt32LE(0) === zip64LocatorSignature) {
    throw new JplError('ZIP64', 'ZIP64 archives are not accepted.', { offset: offset - zip64LocatorBytes });
  }
  const end = parse(record, offset);
  await proveDirectoryPlace(source, end, offset, limits);
  return end;
}

function parse(record: Buffer, offset: number): EndRecord {
  const disk = record.readUInt16LE(4);
  const directoryDisk = record.readUInt16LE(6);
  const entriesOnDisk = record.readUInt16LE(8);
  const end = {
    entryCount: record.readUInt16LE(10),
    directorySize: record.readUInt32LE(12),
    directoryOffset: record.readUInt32LE(16),
  };
  const saysZip64 =
    [disk, directoryDisk, entriesOnDisk, end.entryCount].includes(0xffff) ||
    end.directorySize === 0xffffffff ||
    end.directoryOffset === 0xffffffff;
  if (saysZip64) throw new JplError('ZIP64', 'ZIP64 archives are not accepted.', { offset });
  if (disk !== 0 || directoryDisk !== 0) {
    throw new JplError('MULTI_DISK', 'The archive is one part of several.', { offset });
  }
  if (entriesOnDisk !== end.entryCount) {
    throw new JplError('ENTRY_COUNT_WRONG', 'The archive states two different numbers of entries.', {
      offset,
    });
  }
  return end;
}

async function proveDirectoryPlace(
  source: ByteSource,
  end: EndRecord,
  endOffset: number,
  limits: ArchiveLimits,
): Promise<void> {
  if (end.entryCount > limits.maxEntries) {
    throw new JplError('TOO_MANY_ENTRIES', `The archive holds more than ${limits.maxEntries} entries.`, {
      offset: endOffset,
    });
  }
  const detail = { offset: end.directoryOffset };
  if (end.directoryOffset + end.directorySize !== endOffset) {
    if (await beginsWithDirectory(source, endOffset - end.directorySize)) {
      throw new JplError('PREFIX_BYTES', 'Foreign bytes stand before the archive.', { offset: 0 });
    }
    throw new JplError(
      'CENTRAL_DIRECTORY_SIZE_WRONG',
      'The list of entries is not where it should be.',
      detail,
    );
  }
  const largest = limits.maxEntries * (centralFixedBytes + limits.maxNameBytes + maxExtraFieldBytes);
  if (end.directorySize < end.entryCount * centralFixedBytes) {
    throw new JplError(
      'ENTRY_COUNT_WRONG',
      'The archive states more entries than its list can hold.',
      detail,
    );
  }
  if (end.directorySize > largest) {
    throw new JplError(
      'CENTRAL_DIRECTORY_SIZE_WRONG',
      'The list of entries is larger than any lawful one.',
      detail,
    );
  }
}

async function beginsWithDirectory(source: ByteSource, position: number): Promise<boolean> {
  if (position < 0 || position + 4 > source.size) return false;
  return (await source.read(position, 4)).readUInt32LE(0) === centralSignature;
}

/** Names what stands at the end of the file instead of the record. */
async function missingEndRecord(source: ByteSource): Promise<JplError> {
  const start = Math.max(0, source.size - recordBytes - maxCommentBytes);
  const tail = await source.read(start, source.size - start);
  for (let at = tail.length - recordBytes; at >= 0; at -= 1) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== signature) continue;
    const offset = start + at;
    return tail.readUInt16LE(at + 20) === tail.length - at - recordBytes
      ? new JplError('ARCHIVE_COMMENT', 'The archive carries a comment.', { offset })
      : new JplError('TRAILING_BYTES', 'Foreign bytes stand after the archive.', {
          offset: offset + recordBytes,
        });
  }
  const head = await source.read(0, Math.min(4, source.size));
  const looksLikeZip = head.length >= 2 && head[0] === 0x50 && head[1] === 0x4b;
  if (looksLikeZip && (head.length < 4 || head.readUInt32LE(0) === localSignature)) {
    return new JplError('ARCHIVE_TRUNCATED', 'The archive is cut off: its list of entries is missing.', {
      offset: source.size,
    });
  }
  return new JplError('NOT_A_ZIP', 'The file is not a ZIP archive.', { offset: 0 });
}
