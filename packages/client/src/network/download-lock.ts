import { dirname } from 'node:path';
import { ClientError } from '../error.js';
import { takeLock } from '../storage/file-lock.js';
import { diskError, ensurePrivateFolder } from './part-file.js';

/**
 * Lets one process at a time write a download.
 * @throws {ClientError} DOWNLOAD_BUSY | CACHE_NOT_WRITABLE | CACHE_NOT_PRIVATE | DISK_FULL
 */
export async function lockDownload(target: string, staleAfterMs: number): Promise<AsyncDisposable> {
  const path = `${target}.lock`;
  let lock: AsyncDisposable | undefined;
  try {
    await ensurePrivateFolder(dirname(target));
    lock = await takeLock(path, staleAfterMs);
  } catch (error) {
    throw diskError(path, error);
  }
  if (lock !== undefined) return lock;
  throw new ClientError('DOWNLOAD_BUSY', 'Another program is downloading this plugin right now', {
    at: path,
  });
}
