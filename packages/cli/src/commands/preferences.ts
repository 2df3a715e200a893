import type { DaemonApi } from '@jami-plugin-store/client';
import type { PluginPreferences } from '@jami-plugin-store/contract';
import { languageOf, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';

export interface PreferencesOptions {
  readonly dataDir?: string | undefined;
  readonly account?: string | undefined;
  readonly reset?: boolean | undefined;
  readonly json?: boolean | undefined;
}

interface Wish {
  readonly id: string;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

/** `jpl preferences ID [KEY [VALUE]]`, and `--reset`. */
export async function preferences(io: Io, wish: Wish, options: PreferencesOptions): Promise<number> {
  const { id, key } = wish;
  if (options.reset === true && key !== undefined)
    throw new UsageError('USAGE', '--reset forgets all values of one plugin; it takes no key');
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  const told = await tell(io, daemon, wish, options);
  for (const { code, message } of told.problems) io.stderr(`warning: ${printable(message)} (${code})\n`);
  const shown = key === undefined ? told.preferences : told.preferences.filter((one) => one.key === key);
  if (key !== undefined && shown.length === 0)
    throw new UsageError('PREFERENCE_UNKNOWN', `${id} has no preference ${JSON.stringify(key)}`);
  if (options.json) printJson(io, told);
  else for (const preference of shown) io.stdout(`${line(preference)}\n`);
  return 0;
}

async function tell(
  io: Io,
  daemon: DaemonApi,
  { id, key, value }: Wish,
  { account, reset }: PreferencesOptions,
): Promise<PluginPreferences> {
  const { signal } = io;
  if (reset === true) await daemon.resetPreferences(id, { account, signal });
  if (key !== undefined && value !== undefined) {
    const change = {
      values: Object.fromEntries([[key, value]]),
      ...(account === undefined ? {} : { account }),
    };
    await daemon.setPreferences(id, change, { signal });
  }
  return daemon.preferences(id, { account, language: languageOf(io), signal });
}

function line({ scope, type, key, value, fields }: PluginPreferences['preferences'][number]): string {
  const about = [scope === 'account' ? 'per account' : '', type, fields.title ?? ''].filter(
    (part) => part !== '',
  );
  return printable(`${key} = ${JSON.stringify(value)}  (${about.join(', ')})`);
}
