import { DaemonError } from '@jami-plugin-store/daemon';
import { dataDirOf, exists, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';

export interface UninstallOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl uninstall ID`. A data folder that is not there is not made by asking. */
export async function uninstall(io: Io, id: string, options: UninstallOptions): Promise<number> {
  if (!(await exists(dataDirOf(io, options)))) {
    throw new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed`);
  }
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  const report = await daemon.uninstall(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else io.stdout(`${report.id} ${report.version ?? ''} is uninstalled\n`);
  return 0;
}
