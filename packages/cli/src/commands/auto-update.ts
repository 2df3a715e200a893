import { ClientSettings } from '@jami-plugin-store/client';
import { dataDirOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';

export interface AutoUpdateOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl auto-update [on|off]`: whether the client of this data folder makes the updates it finds by itself. Off as in Jami. */
export async function autoUpdate(
  io: Io,
  wish: 'on' | 'off' | undefined,
  options: AutoUpdateOptions,
): Promise<number> {
  const settings = new ClientSettings(dataDirOf(io, options));
  if (wish === undefined) await settings.reload();
  else await settings.change({ autoUpdate: wish === 'on' });
  if (options.json) printJson(io, { autoUpdate: settings.autoUpdate });
  else
    io.stdout(
      `Plugins are ${settings.autoUpdate ? 'updated by themselves' : 'updated only when asked for'}\n`,
    );
  return 0;
}
