import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/**
 * Whether the program at the other end of a loopback connection runs as this user or root, by the system's own table of connections.
 * The port is open to every user of the machine; a code seen in a process list, or a cookie sent to another user's server, must be of
 * no use to them.
 * @returns true where the system has no such table (only Linux has)
 */
export async function isOwnCaller(socket: Socket): Promise<boolean> {
  const { remotePort, localPort } = socket;
  const own = process.getuid?.();
  if (process.platform !== 'linux' || own === undefined) return true;
  if (remotePort === undefined || localPort === undefined) return false;
  const ends = { remotePort, localPort };
  const uid = (await findUser('/proc/net/tcp', ends)) ?? (await findUser('/proc/net/tcp6', ends));
  // A table without this connection is of a system that hides it: nothing is known against the caller.
  return uid === undefined || uid === own || uid === 0;
}

/** The caller's end of the connection is the row whose local port is our remote one (Linux, Documentation/networking/proc_net_tcp). */
async function findUser(
  table: string,
  { remotePort, localPort }: { remotePort: number; localPort: number },
): Promise<number | undefined> {
  let rows: string[];
  try {
    rows = (await readFile(table, 'latin1')).split('\n').slice(1);
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES'].includes(String(error.code)))
      return undefined;
    throw error;
  }
  for (const row of rows) {
    const [, local = '', remote = '', , , , , uid] = row.trim().split(/\s+/);
    if (portOf(local) === remotePort && portOf(remote) === localPort) return Number(uid);
  }
  return undefined;
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);
}
