import { join } from 'node:path';
import { DaemonError } from '../error.js';

/** A Unix socket's path as Node takes it; a leading NUL names a socket of Linux's abstract namespace. */
export type BusSocket = string;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the session bus may listen, first choice first (D-Bus Specification 0.43, "Server Addresses"; without
 * `DBUS_SESSION_BUS_ADDRESS` the socket `bus` in the user's runtime directory, as libdbus and sd-bus do).
 * Only Unix sockets: over them the bus learns from the kernel who calls.
 * @throws {DaemonError} DBUS_UNAVAILABLE
 */
export function sessionBusSockets(env: Environment): BusSocket[] {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = env;
  if (address) {
    const sockets = address.split(';').flatMap((one) => socketOf(one, env) ?? []);
    if (sockets.length > 0) return sockets;
    throw unavailable(`DBUS_SESSION_BUS_ADDRESS names no Unix socket: ${address}`);
  }
  if (runtime) return [join(runtime, 'bus')];
  throw unavailable('there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set');
}

export function unavailable(why: string, cause?: unknown): DaemonError {
  return new DaemonError('DBUS_UNAVAILABLE', `The session bus cannot be used: ${why}.`, { cause });
}

function socketOf(address: string, env: Environment): BusSocket | undefined {
  const transport = 'unix:';
  if (!address.startsWith(transport)) return undefined;
  const values = new Map(
    address
      .slice(transport.length)
      .split(',')
      .map((pair) => {
        const [key = '', value = ''] = pair.split(/=(.*)/s);
        return [key, unescapeValue(value)] as const;
      }),
  );
  const path = values.get('path');
  if (path) return path;
  const abstract = values.get('abstract');
  if (abstract) return `\0${abstract}`;
  return values.get('runtime') === 'yes' && env.XDG_RUNTIME_DIR
    ? join(env.XDG_RUNTIME_DIR, 'bus')
    : undefined;
}

/** Bytes outside of a small set are written as `%` and two hex digits. */
function unescapeValue(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
