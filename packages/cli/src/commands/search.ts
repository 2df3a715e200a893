import type { StorePlugin } from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { askStore, type StoreQuestion } from '../store-access.js';

export interface SearchOptions extends StoreQuestion {
  readonly json?: boolean | undefined;
}

/** `jpl search [TEXT]`: what the store has for this platform, newest last as Jami's client sorts it. */
export async function search(io: Io, text: string | undefined, options: SearchOptions): Promise<number> {
  const { plugins } = await askStore(io, options, (store) => store.listing({ signal: io.signal }));
  const found = plugins.filter((plugin) => matches(plugin, text));
  if (options.json) {
    printJson(io, found);
    return 0;
  }
  if (plugins.length === 0) io.stderr('There are no extensions for this platform.\n');
  else if (found.length === 0) io.stderr(`Nothing matches ${JSON.stringify(text)}.\n`);
  for (const { id, name, version, author, description } of found) {
    const title = name === id ? id : `${id} (${name})`;
    const summary = description.split('\n', 1)[0] ?? '';
    io.stdout(`${printable(`${title}  ${version}  by ${author}`)}\n  ${printable(summary)}\n`);
  }
  return 0;
}

function matches({ id, name, description, author }: StorePlugin, text: string | undefined): boolean {
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [id, name, description, author].some((field) => field.toLowerCase().includes(wanted));
}
