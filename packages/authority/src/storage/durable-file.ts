import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AuthorityError } from '../error.js';

const maxFileBytes = 64 * 1024 * 1024;

/**
 * Replaces a file so that after a crash it is the old one or the new one, whole: temporary file (mode 0600 unless said
 * otherwise), fsync, rename, fsync of the folder.
 * @throws {AuthorityError} STORAGE_FAILED
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageFailed(path, 'written', cause);
  }
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Reads a whole file of at most 64 MiB; `undefined` where there is none.
 * @throws {AuthorityError} STORAGE_FAILED
 */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new Error(`the file has ${size} bytes`);
    return await readFile(path);
  } catch (cause) {
    if (isNotFound(cause)) return undefined;
    throw storageFailed(path, 'read', cause);
  }
}

/** @throws {AuthorityError} STORAGE_FAILED | AUTHORITY_DAMAGED where there is none */
export async function readText(path: string): Promise<string> {
  const bytes = await readWhole(path);
  if (bytes !== undefined) return bytes.toString('utf8');
  throw new AuthorityError('AUTHORITY_DAMAGED', `A file of the authority is missing: ${path}`, { path });
}

/** @throws {AuthorityError} STORAGE_FAILED */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    throw storageFailed(path, 'read', cause);
  }
}

export function isNotFound(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** The system's code of an I/O error, such as `EEXIST`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

export function storageFailed(
  path: string,
  done: 'read' | 'written' | 'made',
  cause: unknown,
): AuthorityError {
  const reason = errorCode(cause) ?? (cause instanceof Error ? cause.message : 'unreadable');
  return new AuthorityError('STORAGE_FAILED', `${path} could not be ${done} (${reason}).`, { path, cause });
}
