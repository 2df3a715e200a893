import { openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';

export interface EnableOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl enable` and `jpl disable`: whether plugins may be loaded at all. */
export async function enablePlugins(
  io: Io,
  pluginsEnabled: boolean,
  options: EnableOptions,
): Promise<number> {
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  const settings = await daemon.changeSettings({ pluginsEnabled }, { signal: io.signal });
  if (options.json) printJson(io, settings);
  else io.stdout(`Plugins are ${settings.pluginsEnabled ? 'enabled' : 'disabled'}\n`);
  return 0;
}
