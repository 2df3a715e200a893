import { open } from 'node:fs/promises';
import { entryNameProblem } from '../archive/entry-name.js';
import { quote } from '../archive/header-fields.js';
import { defaultArchiveLimits } from '../archive/limits.js';
import { NameTree } from '../archive/name-tree.js';
import { JplError } from '../error.js';

/** One entry to be written; a name ending with `/` is a folder and has no content. */
export interface PackageEntry {
  readonly name: string;
  readonly data: Buffer | FileContent | StreamContent;
  /** Mode 0755 instead of 0644; where left out, native libraries are. */
  readonly executable?: boolean | undefined;
}

/** Content that stays on disk until it is needed, and must not change until then. */
export interface FileContent {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs?: number | undefined;
}

/** Content that can be opened any number of times and is the same each time. */
export interface StreamContent {
  readonly size: number;
  open(): AsyncIterable<Buffer>;
}

const chunkBytes = 1024 * 1024;

export function contentSize(entry: PackageEntry): number {
  return Buffer.isBuffer(entry.data) ? entry.data.length : entry.data.size;
}

/**
 * The content in chunks.
 * @throws {JplError} FILE_CHANGED when there is not as much as was announced, READ_FAILED
 */
export async function* openContent(entry: PackageEntry): AsyncGenerator<Buffer, void, undefined> {
  const { data } = entry;
  if (Buffer.isBuffer(data)) {
    if (data.length > 0) yield data;
    return;
  }
  let produced = 0;
  for await (const chunk of 'open' in data ? data.open() : readFileContent(entry.name, data)) {
    produced += chunk.length;
    if (produced > data.size) break;
    yield chunk;
  }
  if (produced !== data.size) throw changed(entry.name);
}

export async function readContent(entry: PackageEntry): Promise<Buffer> {
  if (Buffer.isBuffer(entry.data)) return entry.data;
  const chunks: Buffer[] = [];
  for await (const chunk of openContent(entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The order in which packages are written: by the bytes of the names. */
export function sortEntries(entries: Iterable<PackageEntry>): PackageEntry[] {
  return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/**
 * Refuses a set of entries that the reader would refuse.
 * @throws {JplError} a name, limit or DIRECTORY_WITH_DATA code
 */
export function assertEntriesWritable(entries: readonly PackageEntry[]): void {
  const limits = defaultArchiveLimits;
  if (entries.length > limits.maxEntries) {
    throw new JplError('TOO_MANY_ENTRIES', `A package holds at most ${limits.maxEntries} entries.`);
  }
  const names = new NameTree(limits.maxEntries);
  let total = 0;
  for (const entry of entries) {
    const { name } = entry;
    const isDirectory = name.endsWith('/');
    const problem = entryNameProblem(name, limits) ?? names.add(name, isDirectory ? 'directory' : 'file');
    if (problem !== undefined)
      throw new JplError(problem.code, `${quote(name)}: ${problem.reason}.`, { entry: name });
    const size = contentSize(entry);
    if (isDirectory && size > 0) {
      throw new JplError('DIRECTORY_WITH_DATA', `${quote(name)} is a folder, yet has data.`, { entry: name });
    }
    if (size > limits.maxEntryBytes) {
      throw new JplError('ENTRY_TOO_LARGE', `${quote(name)} is larger than ${limits.maxEntryBytes} bytes.`, {
        entry: name,
      });
    }
    total += size;
  }
  if (total > limits.maxTotalBytes) {
    throw new JplError('TOTAL_TOO_LARGE', `A package holds at most ${limits.maxTotalBytes} bytes.`);
  }
}

async function* readFileContent(name: string, content: FileContent): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(content.path).catch((cause: unknown) => {
    throw new JplError('READ_FAILED', `${quote(name)} can no longer be opened.`, { entry: name, cause });
  });
  try {
    await assertUnchanged(name, content, handle);
    let position = 0;
    while (position < content.size) {
      const bytes = Buffer.allocUnsafe(Math.min(chunkBytes, content.size - position));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, position).catch((cause: unknown) => {
        throw new JplError('READ_FAILED', `${quote(name)} cannot be read.`, { entry: name, cause });
      });
      if (bytesRead === 0) throw changed(name);
      position += bytesRead;
      yield bytes.subarray(0, bytesRead);
    }
    await assertUnchanged(name, content, handle);
  } finally {
    await handle.close();
  }
}

async function assertUnchanged(
  name: string,
  content: FileContent,
  handle: { stat(): Promise<{ size: number; mtimeMs: number }> },
): Promise<void> {
  const stats = await handle.stat();
  const isSame = content.modifiedMs === undefined || stats.mtimeMs === content.modifiedMs;
  if (stats.size !== content.size || !isSame) throw changed(name);
}

function changed(name: string): JplError {
  return new JplError('FILE_CHANGED', `${quote(name)} changed while the package was made.`, { entry: name });
}
