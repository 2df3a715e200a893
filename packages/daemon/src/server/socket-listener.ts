import { randomBytes } from 'node:crypto';
import { chmod, link, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { makeFolder } from '../disk/make-folder.js';
import { DaemonError } from '../error.js';
import { pipePrefix } from './socket-path.js';

/** Anything that can listen at a path; `listen` resolves when it does. */
export interface PathListener {
  listen(path: string): Promise<unknown>;
}

const maxRounds = 5;
const writableByOthers = 0o022;
const sticky = 0o1000;

/**
 * Puts a listener at a socket path so that at no moment others may connect to it, and never in the place of a live one: it is bound in
 * a private folder, gets mode 0600, and only then its final name. What a dead daemon left at that name is removed.
 * @returns takes the name away again, if it still is ours
 * @throws {DaemonError} SOCKET_BUSY | SOCKET_FOLDER_UNSAFE
 */
export async function listenAt(listener: PathListener, path: string): Promise<() => Promise<void>> {
  const folder = dirname(path);
  await makeFolder(folder, 0o700);
  await assertOwnFolder(folder);
  const nest = await mkdtemp(join(folder, '.jpl-'));
  try {
    const bound = join(nest, 's');
    await listener.listen(bound);
    await chmod(bound, 0o600);
    const { ino, dev } = await lstat(bound);
    for (let round = 0; !(await named(bound, path)); round += 1) {
      if (round === maxRounds) throw busy(path);
      await removeStale(path);
    }
    return async () => {
      const now = await lstat(path).catch(() => undefined);
      if (now?.ino === ino && now.dev === dev) await unlink(path);
    };
  } finally {
    await rm(nest, { recursive: true, force: true });
  }
}

/** False where the name is taken. A link, unlike a rename, takes nobody's name away. */
async function named(bound: string, path: string): Promise<boolean> {
  try {
    await link(bound, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const status = await lstat(path).catch(absentAsUndefined);
  if (status === undefined) return;
  if (!status.isSocket() || (await isLive(path))) throw busy(path);
  // Taken aside first and asked again: it may have been replaced by a live one since.
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    return absentAsUndefined(error as NodeJS.ErrnoException);
  }
  if (await isLive(aside)) {
    await named(aside, path);
    await unlink(aside);
    throw busy(path);
  }
  await unlink(aside);
}

/** True when somebody answers, or might. Only a refused connection proves that nobody listens any more. */
function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/**
 * For callers, before they believe what answers at a daemon's address: its folder must be one that only this user can change, and what
 * stands there this user's own (where everybody may add to a folder, as to `/tmp`, others could have come first). Nothing there is fine.
 * @throws {DaemonError} SOCKET_FOLDER_UNSAFE
 */
export async function assertOwnSocket(socketPath: string): Promise<void> {
  if (socketPath.startsWith(pipePrefix)) return;
  try {
    await assertOwnFolder(dirname(socketPath));
    if (isOwn(await lstat(socketPath))) return;
  } catch (error) {
    // Where nothing can be looked at, nothing can be connected to either.
    if (error instanceof DaemonError || !isOutOfReach(error)) throw error;
    return;
  }
  throw new DaemonError(
    'SOCKET_FOLDER_UNSAFE',
    `${socketPath} was made by another user, so what answers there is not believed.`,
    { path: socketPath },
  );
}

/** Whoever can rename things in the folder could put a socket of his own in our place. */
async function assertOwnFolder(folder: string): Promise<void> {
  const status = await lstat(folder);
  const isClosed = (status.mode & writableByOthers) === 0 || (status.mode & sticky) !== 0;
  if (isOwn(status) && isClosed) return;
  throw new DaemonError(
    'SOCKET_FOLDER_UNSAFE',
    `${folder} belongs to another user or can be changed by others, so no socket in it is trusted.`,
    { path: folder },
  );
}

/** Root's things are everybody's. */
function isOwn({ uid }: { readonly uid: number }): boolean {
  const own = process.getuid?.();
  return own === undefined || uid === own || uid === 0;
}

function busy(path: string): DaemonError {
  return new DaemonError('SOCKET_BUSY', `Something else listens at ${path}.`, { path });
}

function isOutOfReach(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function absentAsUndefined(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
