import { once } from 'node:events';
import { type Io, printJson } from './io.js';

/** The first line of a server's stdout: where it answers, now that it does. */
export function announce(io: Io, where: { url: string } | { socket: string }): void {
  printJson(io, { ready: true, ...where });
}

/** Resolves on Ctrl-C or SIGTERM. */
export async function untilStopped(io: Io): Promise<void> {
  if (!io.signal.aborted) await once(io.signal, 'abort');
}
