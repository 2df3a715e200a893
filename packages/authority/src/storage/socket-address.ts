import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** sockaddr_un has 108 octets on Linux and 104 on macOS, with the final zero. */
const maxSocketPathOctets = 103;

/** A path or pipe name that `listen` and `connect` take for a socket in a folder; dispose after use. */
export interface SocketAddress extends AsyncDisposable {
  readonly path: string;
}

/**
 * The address of the socket `name` in `folder`. A folder whose path is too long for a socket is reached through an
 * open descriptor on Linux; on Windows the socket is a named pipe called after the folder.
 */
export async function socketAddress(
  folder: string,
  name: string,
  platform: NodeJS.Platform = process.platform,
): Promise<SocketAddress> {
  const path = join(folder, name);
  if (platform === 'win32') {
    const hash = createHash('sha256').update(path.toLowerCase()).digest('hex').slice(0, 32);
    return { path: `\\\\.\\pipe\\jpl-ca-${hash}`, [Symbol.asyncDispose]: async () => undefined };
  }
  if (Buffer.byteLength(path) <= maxSocketPathOctets || platform !== 'linux') {
    return { path, [Symbol.asyncDispose]: async () => undefined };
  }
  const handle: FileHandle = await open(folder, 'r');
  return {
    path: `/proc/self/fd/${handle.fd}/${name}`,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
