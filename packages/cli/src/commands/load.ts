import type { DaemonApi } from '@jami-plugin-store/client';
import type { PluginLoad } from '@jami-plugin-store/contract';
import { openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import type { PolicyOptions } from '../policy.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';

export interface LoadOptions extends PolicyOptions {
  readonly json?: boolean | undefined;
}

export interface UnloadOptions {
  readonly dataDir?: string | undefined;
  readonly all?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl load ID`. */
export async function load(io: Io, id: string, options: LoadOptions): Promise<number> {
  await using daemon = await openDaemon(io, options);
  const report = await daemon.load(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else io.stdout(`${id} is loaded${describe(report.load)}\n`);
  if (await isOwn(daemon, io))
    io.stderr('No daemon is running: it is unloaded again now, and loaded when one starts.\n');
  return 0;
}

/** `jpl unload ID` and `jpl unload --all`. */
export async function unload(io: Io, id: string | undefined, options: UnloadOptions): Promise<number> {
  const isAll = options.all === true;
  if ((id === undefined) !== isAll) throw new UsageError('USAGE', 'unload takes one id, or --all');
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  if (id === undefined) {
    const report = await daemon.unloadAll({ signal: io.signal });
    if (options.json) printJson(io, report);
    else
      io.stdout(report.unloaded.length === 0 ? 'Nothing was loaded.\n' : `${report.unloaded.join(', ')}\n`);
    return 0;
  }
  const report = await daemon.unload(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else
    io.stdout(
      `${id} is unloaded${report.load.reason === undefined ? '' : `: ${printable(report.load.reason)}`}\n`,
    );
  return 0;
}

function describe({ components }: PluginLoad): string {
  if (components.length === 0) return '';
  const counted = new Map<string, number>();
  for (const { manager } of components) counted.set(manager, (counted.get(manager) ?? 0) + 1);
  return `: ${[...counted].map(([manager, count]) => printable(`${count} x ${manager}`)).join(', ')}`;
}

/** Whether the daemon lives in this process and ends with it. */
async function isOwn(daemon: DaemonApi, io: Io): Promise<boolean> {
  return (await daemon.info({ signal: io.signal })).pid === process.pid;
}
