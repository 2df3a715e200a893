import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { wholeReadBytes } from '../archive/entry-data.js';
import { JplError } from '../error.js';
import { libraryOf } from '../install/platform.js';
import {
  assertEntriesWritable,
  contentSize,
  openContent,
  type PackageEntry,
  readContent,
  sortEntries,
} from './package-entry.js';
import { writeWhole } from './write-whole.js';
import type { ZipFile } from './zip-file.js';

export interface WriteOptions {
  /** Deflate (the default) or store; entries above 8 MiB are always deflated. */
  readonly compress?: boolean | undefined;
}

const mode = { directory: 0o040755, executable: 0o100755, file: 0o100644 } as const;

/**
 * Writes a package: entries sorted by name, one fixed time, no extra fields. The same entries give the same bytes
 * (with the same zlib, that is, the same Node). A path is written beside itself, proven with the strict reader and
 * renamed when whole; what a stream received before a failure is the caller's to throw away.
 * @throws {JplError} a name or limit code before anything is written | FILE_CHANGED | READ_FAILED | WRITE_FAILED
 */
export async function writeArchive(
  entries: readonly PackageEntry[],
  out: Writable | string,
  options: WriteOptions = {},
): Promise<void> {
  assertEntriesWritable(entries);
  const sorted = sortEntries(entries);
  if (typeof out === 'string') await writeWhole(out, (file) => pump(sorted, file, options));
  else await pump(sorted, out, options);
}

async function pump(entries: readonly PackageEntry[], out: Writable, options: WriteOptions): Promise<void> {
  const { ZipFile } = await import('./zip-file.js');
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error) => output.destroy(error));
  const flowing = pipeline(output, out).catch((cause: unknown) => {
    throw cause instanceof JplError
      ? cause
      : new JplError('WRITE_FAILED', 'The package cannot be written.', { cause });
  });
  // A failure before the last entry is met below, not reported as unhandled meanwhile.
  flowing.catch(() => undefined);
  try {
    for (const entry of entries) await addEntry(zip, entry, options.compress ?? true);
    zip.end();
  } catch (error) {
    output.destroy(error instanceof Error ? error : undefined);
  }
  await flowing;
}

async function addEntry(zip: ZipFile, entry: PackageEntry, compress: boolean): Promise<void> {
  // yazl writes local time; this is the earliest a ZIP can hold, in whatever zone.
  const fixed = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };
  if (entry.name.endsWith('/')) {
    zip.addEmptyDirectory(entry.name, { ...fixed, mode: mode.directory });
    return;
  }
  const isExecutable = entry.executable ?? libraryOf(entry.name) !== undefined;
  const file = { ...fixed, mode: isExecutable ? mode.executable : mode.file };
  const size = contentSize(entry);
  if (size <= wholeReadBytes) {
    zip.addBuffer(await readContent(entry), entry.name, { ...file, compress });
    return;
  }
  // Its checksum follows the data, which only deflated data can carry without ambiguity.
  zip.addReadStreamLazy(entry.name, { ...file, compress: true, size }, (done) => {
    const content = Readable.from(openContent(entry), { objectMode: false });
    content.on('error', (error) => zip.emit('error', error));
    done(null, content);
  });
}
