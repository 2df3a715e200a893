import { JplError } from '../error.js';
import type { ArchiveEntry, ArchiveLimits, ByteSource } from './archive.js';
import type { EndRecord } from './end-record.js';
import { kindProblem } from './entry-kind.js';
import { entryNameProblem } from './entry-name.js';
import { extraFieldProblem } from './extra-field.js';
import {
  assertReadable,
  decodeName,
  methodNumber,
  quote,
  readSharedFields,
  type SharedFields,
} from './header-fields.js';
import { NameTree } from './name-tree.js';

/** One record of the central directory, lawful in itself; still to be proven against its local header. */
export interface CentralRecord {
  readonly entry: ArchiveEntry;
  readonly fields: SharedFields;
  readonly nameBytes: Buffer;
}

const signature = 0x02014b50;
const fixedBytes = 46;

/**
 * Reads the whole central directory and proves each record and the set of names.
 * @throws {JplError} any layout, header, name or limit code
 */
export async function readCentralDirectory(
  source: ByteSource,
  end: EndRecord,
  limits: ArchiveLimits,
): Promise<CentralRecord[]> {
  const directory = await source.read(end.directoryOffset, end.directorySize);
  const records: CentralRecord[] = [];
  const names = new NameTree(limits.maxEntries);
  let totalBytes = 0;
  let at = 0;
  for (let index = 0; index < end.entryCount; index += 1) {
    const record = readRecord(directory, at, end.directoryOffset + at, limits);
    const { entry } = record;
    const collision = names.add(entry.name, entry.kind);
    if (collision !== undefined) {
      throw new JplError(collision.code, `${collision.reason}.`, {
        entry: entry.name,
        offset: end.directoryOffset + at,
      });
    }
    totalBytes += entry.size;
    if (totalBytes > limits.maxTotalBytes) {
      throw new JplError(
        'TOTAL_TOO_LARGE',
        `The archive unpacks to more than ${limits.maxTotalBytes} bytes.`,
        {
          entry: entry.name,
        },
      );
    }
    records.push(record);
    at += fixedBytes + record.fields.nameLength + record.fields.extraLength;
  }
  assertDirectoryEnds(directory, at, end.directoryOffset);
  return records;
}

function assertDirectoryEnds(directory: Buffer, at: number, directoryOffset: number): void {
  if (at === directory.length) return;
  const offset = directoryOffset + at;
  if (at + 4 <= directory.length && directory.readUInt32LE(at) === signature) {
    throw new JplError('ENTRY_COUNT_WRONG', 'The archive lists more entries than it states.', { offset });
  }
  throw new JplError('CENTRAL_DIRECTORY_SIZE_WRONG', 'Foreign bytes follow the list of entries.', { offset });
}

function readRecord(directory: Buffer, at: number, offset: number, limits: ArchiveLimits): CentralRecord {
  if (at === directory.length) {
    throw new JplError('ENTRY_COUNT_WRONG', 'The archive lists fewer entries than it states.', { offset });
  }
  if (at + fixedBytes > directory.length || directory.readUInt32LE(at) !== signature) {
    throw new JplError('CENTRAL_DIRECTORY_MALFORMED', 'The list of entries is damaged.', { offset });
  }
  const fields = readSharedFields(directory, at + 6);
  const nameEnd = at + fixedBytes + fields.nameLength;
  if (nameEnd + fields.extraLength > directory.length) {
    throw new JplError('CENTRAL_DIRECTORY_MALFORMED', 'The list of entries is damaged.', { offset });
  }
  if (fields.nameLength > limits.maxNameBytes) {
    throw new JplError('NAME_TOO_LONG', `A name is longer than ${limits.maxNameBytes} bytes.`, { offset });
  }
  const nameBytes = directory.subarray(at + fixedBytes, nameEnd);
  const name = decodeName(nameBytes, fields.flags, offset);
  assertReadable(fields, name, offset);
  const external = directory.readUInt32LE(at + 38);
  const problem =
    restProblem(directory, at) ??
    extraFieldProblem(directory.subarray(nameEnd), fields.extraLength, 'central') ??
    entryNameProblem(name, limits) ??
    kindProblem(name, external);
  if (problem !== undefined) {
    throw new JplError(problem.code, `${quote(name)}: ${problem.reason}.`, { entry: name, offset });
  }
  const entry = entryOf(name, fields, directory.readUInt32LE(at + 42));
  assertSizes(entry, fields, limits, offset);
  return { entry, fields, nameBytes };
}

/** The fields only the central directory has: comment, disk, internal attributes. */
function restProblem(directory: Buffer, at: number) {
  if (directory.readUInt16LE(at + 34) !== 0) {
    return { code: 'MULTI_DISK', reason: 'it lies in another part of the archive' } as const;
  }
  if (directory.readUInt16LE(at + 32) !== 0) {
    return { code: 'ENTRY_COMMENT', reason: 'it carries a comment' } as const;
  }
  // Bit 0 says "apparently text", a hint; the others are reserved or rearrange records (APPNOTE 4.4.14).
  if ((directory.readUInt16LE(at + 36) & ~1) !== 0) {
    return { code: 'ATTRIBUTES_RESERVED', reason: 'it carries attributes of unknown meaning' } as const;
  }
  return undefined;
}

function entryOf(name: string, fields: SharedFields, offset: number): ArchiveEntry {
  return Object.freeze({
    name,
    kind: name.endsWith('/') ? 'directory' : 'file',
    size: fields.size,
    compressedSize: fields.compressedSize,
    method: fields.method === methodNumber.stored ? 'stored' : 'deflate',
    crc32: fields.crc32,
    offset,
  });
}

function assertSizes(entry: ArchiveEntry, fields: SharedFields, limits: ArchiveLimits, at: number): void {
  const detail = { entry: entry.name, offset: at };
  const shown = quote(entry.name);
  if ([entry.size, entry.compressedSize, entry.offset].includes(0xffffffff)) {
    throw new JplError('ZIP64', `${shown} has its size or place in a ZIP64 field.`, detail);
  }
  if (entry.kind === 'directory') {
    const isEmpty = entry.size === 0 && entry.compressedSize === 0 && entry.crc32 === 0;
    if (!isEmpty || fields.method !== methodNumber.stored) {
      throw new JplError('DIRECTORY_WITH_DATA', `${shown} is a folder, yet has data.`, detail);
    }
    return;
  }
  if (entry.size > limits.maxEntryBytes) {
    throw new JplError(
      'ENTRY_TOO_LARGE',
      `${shown} unpacks to more than ${limits.maxEntryBytes} bytes.`,
      detail,
    );
  }
  if (entry.method === 'stored' && entry.size !== entry.compressedSize) {
    throw new JplError('STORED_SIZE_MISMATCH', `${shown} is stored, yet has two sizes.`, detail);
  }
  if (entry.size > entry.compressedSize * limits.maxRatio) {
    throw new JplError(
      'RATIO_TOO_HIGH',
      `${shown} unpacks to more than ${limits.maxRatio} times its size.`,
      detail,
    );
  }
}
