import { JplError } from '../error.js';
import type { Archive, ArchiveEntry, ArchiveLimits, ByteSource } from './archive.js';
import { bufferSource } from './byte-source.js';
import { readCentralDirectory } from './central-directory.js';
import { readEndRecord } from './end-record.js';
import { type LocatedEntry, readEntry, streamEntry, wholeReadBytes } from './entry-data.js';
import { quote } from './header-fields.js';
import { defaultArchiveLimits } from './limits.js';
import { proveLocalHeaders } from './local-headers.js';

/**
 * Opens a ZIP archive that has exactly one meaning, or none (PKWARE APPNOTE 6.3.10; docs/archives.md).
 * Structure is proven here; each entry's data when it is read. The source must stay open while the archive is used.
 * @throws {JplError} any ArchiveErrorCode but the data codes
 */
export async function openArchive(
  source: ByteSource,
  options: { limits?: Partial<ArchiveLimits> | undefined } = {},
): Promise<Archive> {
  const limits: ArchiveLimits = { ...defaultArchiveLimits, ...options.limits };
  if (source.size === 0) throw new JplError('EMPTY_FILE', 'The file is empty.');
  if (source.size > limits.maxArchiveBytes) {
    throw new JplError('ARCHIVE_TOO_LARGE', `The archive is larger than ${limits.maxArchiveBytes} bytes.`);
  }
  const memory = source.size <= wholeReadBytes ? bufferSource(await source.read(0, source.size)) : source;
  const end = await readEndRecord(memory, limits);
  const records = await readCentralDirectory(memory, end, limits);
  const dataOffsets = await proveLocalHeaders(memory, records, end.directoryOffset);
  const entries = records.map(({ entry }) => entry);
  return archiveOver(memory, entries, dataOffsets);
}

function archiveOver(
  source: ByteSource,
  entries: readonly ArchiveEntry[],
  dataOffsets: readonly number[],
): Archive {
  const byName = new Map<string, ArchiveEntry>();
  const located = new Map<ArchiveEntry, LocatedEntry>();
  for (const [index, entry] of entries.entries()) {
    byName.set(entry.name, entry);
    located.set(entry, { entry, dataOffset: dataOffsets[index] ?? Number.NaN });
  }
  const locate = (entry: ArchiveEntry): LocatedEntry => {
    const found = located.get(entry);
    if (found !== undefined) return found;
    throw new JplError('ENTRY_UNKNOWN', `${quote(entry.name)} is not an entry of this archive.`, {
      entry: entry.name,
    });
  };
  return Object.freeze({
    size: source.size,
    entries: Object.freeze([...entries]),
    get: (name: string) => byName.get(name),
    read: async (entry: ArchiveEntry) => readEntry(source, locate(entry)),
    stream: (entry: ArchiveEntry) => streamEntry(source, locate(entry)),
  });
}
