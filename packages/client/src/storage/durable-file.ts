import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const isWindows = process.platform === 'win32';

/**
 * Replaces a file in one step, durably: readers see the old text or the new one. Its folder is made for its owner alone. Callers hold
 * the file's lock.
 * @throws the file system's own errors
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await rm(next, { force: true });
  const handle = await open(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path);
  await syncFolder(dirname(path));
}

/**
 * The text of a file; undefined where there is none, `null` where it is larger than `maxBytes` or not UTF-8.
 * @throws the file system's own errors
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string | null | undefined> {
  let bytes: Buffer;
  try {
    const handle = await open(path, 'r');
    try {
      if ((await handle.stat()).size > maxBytes) return null;
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Makes a rename in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  if (isWindows) return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
