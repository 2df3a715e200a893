import { constants, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { wholeReadBytes } from '../archive/entry-data.js';
import { quote } from '../archive/header-fields.js';
import { defaultArchiveLimits } from '../archive/limits.js';
import { JplError } from '../error.js';
import { assertEntriesWritable, type PackageEntry, readContent, sortEntries } from './package-entry.js';

/**
 * Reads a plugin's folder as the entries of a package, sorted: every file below it, no empty folders. Small files are
 * read, large ones (above 8 MiB) stay on disk until written.
 * @throws {JplError} FILE_NOT_FOUND | FILE_NOT_READABLE | LINK | SPECIAL_FILE | FILE_CHANGED | a name or limit code
 */
export async function readPluginFolder(dir: string): Promise<PackageEntry[]> {
  const entries: PackageEntry[] = [];
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const found of await list(dir, folder)) {
      const name = `${folder}${found.name}`;
      if (name.includes('\u{fffd}')) {
        throw new JplError('NAME_NOT_UTF8', `${quote(name)}: the name is not UTF-8.`, { entry: name });
      }
      if (found.isSymbolicLink()) throw new JplError('LINK', `${quote(name)} is a link.`, { entry: name });
      if (found.isDirectory()) pending.push(`${name}/`);
      else if (found.isFile()) entries.push(await readEntry(dir, name));
      else
        throw new JplError('SPECIAL_FILE', `${quote(name)} is neither a file nor a folder.`, { entry: name });
      if (entries.length + pending.length > defaultArchiveLimits.maxEntries) {
        throw new JplError(
          'TOO_MANY_ENTRIES',
          `A package holds at most ${defaultArchiveLimits.maxEntries} entries.`,
        );
      }
    }
  }
  assertEntriesWritable(entries);
  return sortEntries(entries);
}

async function list(dir: string, folder: string) {
  try {
    return await readdir(join(dir, folder), { withFileTypes: true });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const path = join(dir, folder);
    if (code === 'ENOENT') throw new JplError('FILE_NOT_FOUND', `${path} does not exist.`, { cause });
    if (code === 'ENOTDIR') throw new JplError('FILE_NOT_FOUND', `${path} is not a folder.`, { cause });
    throw new JplError('FILE_NOT_READABLE', `${path} cannot be read (${String(code)}).`, { cause });
  }
}

async function readEntry(dir: string, name: string): Promise<PackageEntry> {
  const path = join(dir, ...name.split('/'));
  // Between listing and opening, the file may have become a link or a pipe.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(path, flags).catch((cause: unknown) => {
    throw new JplError('FILE_NOT_READABLE', `${quote(name)} cannot be opened.`, { entry: name, cause });
  });
  const stats = await handle.stat().finally(() => handle.close());
  if (!stats.isFile()) throw new JplError('SPECIAL_FILE', `${quote(name)} is not a file.`, { entry: name });
  const entry = { name, data: { path, size: stats.size, modifiedMs: stats.mtimeMs } };
  return stats.size > wholeReadBytes ? entry : { name, data: await readContent(entry) };
}
