import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, realpath, rm, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { AuthorityError } from '../error.js';
import { errorCode, isNotFound, storageFailed } from './durable-file.js';
import { socketAddress } from './socket-address.js';

/** Held until disposed or until the process ends, however it ends. */
export interface FolderLock extends AsyncDisposable {
  readonly generation: number;
}

/** What a lock file says. */
interface Holder {
  readonly pid: number;
  /** Name of a socket in the lock folder that the holder listens on: its sign of life. */
  readonly socket: string;
}

/**
 * Takes the lock of a folder. Generations `1`, `2`, … lie in it as files and the highest one is the holder; a new one
 * is made by an exclusive link, and only when the holder no longer listens on its socket (the kernel closes that with
 * the process, whatever its pid is or will be used for). Nobody ever removes the highest file, so two processes that
 * find the same dead holder cannot both replace it.
 * @throws {AuthorityError} AUTHORITY_BUSY | STORAGE_FAILED
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await takeGeneration(await realpath(folder));
  } catch (cause) {
    if (cause instanceof AuthorityError) throw cause;
    throw storageFailed(folder, 'made', cause);
  }
}

async function takeGeneration(folder: string): Promise<FolderLock> {
  const socket = `${randomBytes(6).toString('hex')}.sock`;
  const listening = await listen(folder, socket);
  const draft = join(folder, `${socket}.draft`);
  try {
    const holder: Holder = { pid: process.pid, socket };
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
    const generation = await linkNext(folder, draft);
    await unlink(draft);
    await removeOlder(folder, generation);
    return heldLock(folder, generation, socket, listening);
  } catch (error) {
    await rm(draft, { force: true });
    await close(listening);
    throw error;
  }
}

async function linkNext(folder: string, draft: string): Promise<number> {
  for (;;) {
    const [highest] = await generations(folder);
    if (highest !== undefined && (await isAlive(folder, highest))) throw busy(folder, highest);
    const next = (highest ?? 0) + 1;
    try {
      await link(draft, join(folder, String(next)));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue;
      throw error;
    }
    const [newest] = await generations(folder);
    if (newest === next) return next;
    // Somebody took and left a higher one meanwhile and removed the file that would have stopped this link.
    await rm(join(folder, String(next)), { force: true });
  }
}

/** Highest first. */
async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /^[1-9][0-9]{0,14}$/.test(name))
    .map(Number)
    .sort((one, other) => other - one);
}

async function isAlive(folder: string, generation: number): Promise<boolean> {
  const holder = await readHolder(folder, generation);
  return holder !== undefined && (await isListening(folder, holder.socket));
}

async function isListening(folder: string, socket: string): Promise<boolean> {
  await using address = await socketAddress(folder, socket);
  return await new Promise<boolean>((resolve) => {
    const probe = connect(address.path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // A full backlog (EAGAIN) is a sign of life, too: only a socket without listener is dead.
    probe.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error) ?? '')));
  });
}

async function readHolder(folder: string, generation: number): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(await readFile(join(folder, String(generation)), 'utf8'));
    return isHolder(holder) ? holder : undefined;
  } catch (error) {
    // Replaced and removed since it was listed, or never written whole: nobody holds it.
    if (isNotFound(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null || !('socket' in value)) return false;
  return typeof value.socket === 'string' && /^[0-9a-f]{12}\.sock$/.test(value.socket);
}

/** Also the sockets of the dead; an older file may for a moment be that of a living process that came too late. */
async function removeOlder(folder: string, generation: number): Promise<void> {
  for (const older of (await generations(folder)).filter((other) => other < generation)) {
    const holder = await readHolder(folder, older);
    if (holder !== undefined && !(await isListening(folder, holder.socket))) {
      await rm(join(folder, holder.socket), { force: true });
    }
    await rm(join(folder, String(older)), { force: true });
  }
}

async function listen(folder: string, socket: string): Promise<Server> {
  await using address = await socketAddress(folder, socket);
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address.path }, resolve);
  });
  server.unref();
  return server;
}

function heldLock(folder: string, generation: number, socket: string, server: Server): FolderLock {
  let released: Promise<void> | undefined;
  return {
    generation,
    [Symbol.asyncDispose]: () => {
      released ??= close(server).then(() => rm(join(folder, socket), { force: true }));
      return released;
    },
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

const busy = (folder: string, generation: number): AuthorityError =>
  new AuthorityError('AUTHORITY_BUSY', 'Another process uses this authority.', {
    path: join(folder, String(generation)),
  });
