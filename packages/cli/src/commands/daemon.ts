import { serveDaemon, socketPathOf } from '@jami-plugin-store/daemon';
import { dataDirOf, startDaemon } from '../daemon-access.js';
import type { Io } from '../io.js';
import type { PolicyOptions } from '../policy.js';
import { announce, untilStopped } from '../serving.js';

/** `jpl daemon`: owns a data folder and serves it on its socket until stopped. */
export async function daemon(io: Io, options: PolicyOptions): Promise<number> {
  if (options.at !== undefined) {
    io.stderr(`WARNING: every package is judged as if it were ${options.at.toISOString()} (--at)\n`);
  }
  if (options.revocation === 'off') io.stderr('WARNING: revocation is never asked (--revocation off)\n');
  await using running = await startDaemon(io, options);
  if (running.info.anchors.length === 0) {
    io.stderr('warning: no trust anchor and no store is configured, so every install will be refused\n');
  }
  await using server = await serveDaemon(running, { socketPath: await socketPathOf(dataDirOf(io, options)) });
  announce(io, { socket: server.socket });
  await untilStopped(io);
  return 0;
}
