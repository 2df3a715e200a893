import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { ClientError } from '../error.js';
import { systemTimer, type Timer, wait } from '../network/timer.js';

const takeOvers = 3;
// A restarted container often gets its old process id again; the start tells the two processes apart.
const ownMark = `${process.pid} ${Math.round(performance.timeOrigin)}`;

/** A change of a small file takes milliseconds: whoever holds its lock longer is gone. */
const changeStaleMs = 30_000;
const patience = { tries: 200, waitMs: 25 };

/**
 * Takes the lock of a small file that is changed at once, waiting for whoever else is changing it.
 * @throws {ClientError} CLIENT_FILE_BUSY, or the file system's own errors
 */
export async function lockFile(path: string, timer: Timer = systemTimer): Promise<AsyncDisposable> {
  const never = new AbortController().signal;
  for (let tries = 0; tries < patience.tries; tries += 1) {
    const taken = await takeLock(path, changeStaleMs);
    if (taken !== undefined) return taken;
    await wait(timer, patience.waitMs, never);
  }
  throw new ClientError('CLIENT_FILE_BUSY', `Another program holds ${path}`, { at: path });
}

/**
 * Takes a lock file, which holds the process's id; undefined where another one holds it. A lock whose process is gone, or that is
 * older than anything it protects may last, is taken over.
 * @throws the file system's own errors
 */
export async function takeLock(path: string, staleAfterMs: number): Promise<AsyncDisposable | undefined> {
  for (let attempt = 0; attempt < takeOvers; attempt += 1) {
    const handle = await create(path);
    if (handle !== undefined) return lockOf(path, handle);
    if (!(await isAbandoned(path, staleAfterMs))) return undefined;
    await rm(path, { force: true });
  }
  return undefined;
}

async function create(path: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.writeFile(ownMark);
    return handle;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
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
    throw error;
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
