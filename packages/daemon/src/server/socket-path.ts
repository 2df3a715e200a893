import { createHash, randomUUID } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where this user's sockets belong; handed in by tests. */
export interface SocketPlace {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly system?: NodeJS.Platform | undefined;
  readonly temporaryFolder?: string | undefined;
}

const nameDigits = 16;
/** How the names of Windows' named pipes begin. */
export const pipePrefix = '\\\\.\\pipe\\';

/**
 * The address of the daemon that owns a data folder (docs/interfaces.md): `$XDG_RUNTIME_DIR/jpl-<16 hex>.sock`, the digits from the SHA-256
 * of the folder's real path; without such a directory the same name in a folder of this user's own under the temporary one; on
 * Windows a named pipe. Daemon and clients compute it alike; nothing is created.
 */
export function socketPathOf(dataDir: string, place: SocketPlace = {}): string {
  const name = `jpl-${createHash('sha256').update(realPathOf(dataDir)).digest('hex').slice(0, nameDigits)}`;
  if ((place.system ?? process.platform) === 'win32') return pipePrefix + name;
  const runtime = (place.env ?? process.env).XDG_RUNTIME_DIR;
  const folder = isUsable(runtime)
    ? runtime
    : join(place.temporaryFolder ?? tmpdir(), `jpl-${userInfo().uid}`);
  return join(folder, `${name}.sock`);
}

/** An address nobody else knows: in a folder of the caller's own, where pipes have no folders a name that cannot be guessed. */
export function privateSocketPath(folder: string, system: NodeJS.Platform = process.platform): string {
  return system === 'win32' ? `${pipePrefix}jpl-${randomUUID()}` : join(folder, 'daemon.sock');
}

/** A data folder that is not there yet has no daemon; its address is that of the path it would have. */
function realPathOf(dataDir: string): string {
  try {
    return realpathSync(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return resolve(dataDir);
    throw error;
  }
}

function isUsable(runtime: string | undefined): runtime is string {
  if (runtime === undefined || !isAbsolute(runtime)) return false;
  return statSync(runtime, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
