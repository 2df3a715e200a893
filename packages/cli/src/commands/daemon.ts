import {
  type Daemon,
  type DBusServer,
  serveDaemon,
  serveDBus,
  socketPathOf,
} from '@jami-plugin-store/daemon';
import { dataDirOf, startDaemon } from '../daemon-access.js';
import type { Io } from '../io.js';
import type { PolicyOptions } from '../policy.js';
import { printable } from '../printable.js';
import { announce, untilStopped } from '../serving.js';

export interface DaemonCommandOptions extends PolicyOptions {
  /** Answers Jami clients on the session bus, too. */
  readonly dbus?: boolean | undefined;
}

/** `jpl daemon`: owns a data folder and serves it on its socket, and on the session bus if wished, until stopped. */
export async function daemon(io: Io, options: DaemonCommandOptions): Promise<number> {
  if (options.at !== undefined) {
    io.stderr(`WARNING: every package is judged as if it were ${options.at.toISOString()} (--at)\n`);
  }
  if (options.revocation === 'off') io.stderr('WARNING: revocation is never asked (--revocation off)\n');
  await using running = await startDaemon(io, options, { keepsLoaded: true });
  if (running.info.anchors.length === 0) {
    io.stderr('warning: no trust anchor and no store is configured, so every install will be refused\n');
  }
  await using server = await serveDaemon(running, { socketPath: socketPathOf(dataDirOf(io, options)) });
  await using _onBus = options.dbus === true ? await onSessionBus(io, running) : undefined;
  announce(io, { socket: server.socket });
  await untilStopped(io);
  return 0;
}

function onSessionBus(io: Io, running: Daemon): Promise<DBusServer> {
  const warn = (_about: object, message: string): void => io.stderr(`warning: ${printable(message)}\n`);
  return serveDBus(running, { env: io.env, logger: { warn } });
}
