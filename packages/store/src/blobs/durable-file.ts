import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Names of files not yet whole; a crash leaves some, the next start removes them. */
export const unfinishedName = /^\.[0-9a-f]{16}\.tmp$/;

/**
 * Writes a whole file or none: bytes and name are on the disk before it resolves, and a reader never sees half.
 * @throws the file system's error
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const unfinished = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFlushed(unfinished, bytes);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o644);
  await file.writeFile(bytes);
  await file.sync();
}

/** Removes a file so that it stays removed after a power cut; nothing happens where there is none. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** A name is on the disk when its folder is (fsync(2)). Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
