import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClientError } from '../error.js';
import { diskError, ensurePrivateFolder } from './part-file.js';

const takeOvers = 3;
// A restarted container often gets its old process id again; the start tells the two processes apart.
const ownMark = `${process.pid} ${Math.round(performance.timeOrigin)}`;

/**
 * Lets one process at a time write a download: `<target>.lock` holds its process id. A lock whose process is gone, or
 * that is older than any download may last, is taken over.
 * @throws {ClientError} DOWNLOAD_BUSY | CACHE_NOT_WRITABLE | CACHE_NOT_PRIVATE | DISK_FULL
 */
export async function lockDownload(target: string, staleAfterMs: number): Promise<AsyncDisposable> {
  const path = `${target}.lock`;
  await ensurePrivateFolder(dirname(target)).catch((error: unknown) => {
    throw diskError(path, error);
  });
  for (let attempt = 0; attempt < takeOvers; attempt += 1) {
    const handle = await create(path);
    if (handle !== undefined) return lockOf(path, handle);
    if (!(await isAbandoned(path, staleAfterMs))) break;
    await rm(path, { force: true });
  }
  throw new ClientError('DOWNLOAD_BUSY', 'Another program is downloading this plugin right now', {
    at: path,
  });
}

async function create(path: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.writeFile(ownMark);
    return handle;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw diskError(path, error);
  }
}

function lockOf(path: string, handle: FileHandle): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await handle.close();
      await rm(path, { force: true });
    },
  };
}

async function isAbandoned(path: string, staleAfterMs: number): Promise<boolean> {
  try {
    // Both times are the file system's and the process's own: the lock's age, never a date to judge by.
    if (Date.now() - (await stat(path)).mtimeMs > staleAfterMs) return true;
    const mark = await readFile(path, 'utf8');
    const holder = Number(/^\d+/.exec(mark)?.[0] ?? 0);
    if (holder === process.pid) return mark !== ownMark;
    return holder > 0 && !isRunning(holder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw diskError(path, error);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
