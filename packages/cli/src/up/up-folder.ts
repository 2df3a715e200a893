import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';

/** Addresses stand in certificates, so the ports of a folder stay what they were at its first start. */
interface Ports {
  readonly authority: number;
  readonly store: number;
}

/** What a folder of `jpl up` remembers. */
export interface UpState {
  readonly ports: Ports;
  /** Name of an organization -> its issuer id. */
  readonly organizations: Readonly<Record<string, string>>;
  /** Folders of samples whose flaw is in place. */
  readonly flawed: readonly string[];
}

const preferredPorts: Ports = { authority: 7410, store: 7411 };

/**
 * Opens the folder; its ports are chosen the first time.
 * @throws {UsageError} FILE_NOT_WRITABLE
 */
export async function openUpFolder(dir: string): Promise<UpState> {
  await makeFolders(dir).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError('FILE_NOT_WRITABLE', `${dir} cannot be used: ${reason}`, { cause });
  });
  const known = await readState(dir);
  if (known !== undefined) return known;
  const ports = {
    authority: await freePort(preferredPorts.authority),
    store: await freePort(preferredPorts.store),
  };
  return await saveState(dir, { ports, organizations: {}, flawed: [] });
}

async function makeFolders(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const name of ['logs', 'packages', join('store', 'packages')])
    await mkdir(join(dir, name), { recursive: true });
}

async function readState(dir: string): Promise<UpState | undefined> {
  try {
    return JSON.parse(await readFile(stateFile(dir), 'utf8')) as UpState;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the state in one step. */
export async function saveState(dir: string, state: UpState): Promise<UpState> {
  const file = stateFile(dir);
  await writeFile(`${file}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.tmp`, file);
  return state;
}

function stateFile(dir: string): string {
  return join(dir, 'state.json');
}

async function freePort(preferred: number): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? preferred;
}

async function tryPort(port: number): Promise<number | undefined> {
  const probe = createServer();
  return await new Promise((resolve) => {
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
