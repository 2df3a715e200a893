import { assertDataDir, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';

export interface UninstallOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl uninstall ID`. */
export async function uninstall(io: Io, id: string, options: UninstallOptions): Promise<number> {
  await assertDataDir(io, id, options);
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  const report = await daemon.uninstall(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else io.stdout(`${report.id} ${report.version ?? ''} is uninstalled\n`);
  return 0;
}
