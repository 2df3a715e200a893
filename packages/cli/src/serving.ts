import { once } from 'node:events';
import { type Io, printJson } from './io.js';
import { UsageError } from './usage-error.js';

/** The first line of a server's stdout: where it answers, now that it does. */
export function announce(
  io: Io,
  where: { url: string; adminUrl?: string | undefined } | { socket: string },
): void {
  printJson(io, { ready: true, ...where });
}

/**
 * Where a server answers on TCP, once it does.
 * @throws {UsageError} ADDRESS_NOT_AVAILABLE: the port is taken or not ours to take, or the host is none of this machine
 */
export async function listening<Server>(server: Promise<Server>): Promise<Server> {
  try {
    return await server;
  } catch (error) {
    const isSystems = error instanceof Error && 'syscall' in error && 'code' in error;
    if (!isSystems || !['listen', 'bind', 'getaddrinfo'].includes(String(error.syscall))) throw error;
    throw new UsageError('ADDRESS_NOT_AVAILABLE', `This address cannot be served: ${error.message}`, {
      cause: error,
    });
  }
}

/** Resolves on Ctrl-C or SIGTERM. */
export async function untilStopped(io: Io): Promise<void> {
  if (!io.signal.aborted) await once(io.signal, 'abort');
}
