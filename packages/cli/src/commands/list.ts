import { dataDirOf, exists, languageOf, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';

export interface ListOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl list`: what is installed. A data folder that is not there holds nothing, and is not made by asking. */
export async function list(io: Io, options: ListOptions): Promise<number> {
  const plugins = await installed(io, options);
  if (options.json) {
    printJson(
      io,
      plugins.map(({ id, version, path, publisher, state }) => ({ id, version, path, publisher, state })),
    );
    return 0;
  }
  if (plugins.length === 0) io.stderr('Nothing is installed.\n');
  for (const { id, version, publisher, state, reason } of plugins) {
    const told = state === 'installed' ? '' : `  ${state}${reason === undefined ? '' : `: ${reason}`}`;
    io.stdout(`${printable(`${id}  ${version ?? '?'}  by ${publisher ?? 'unknown'}${told}`)}\n`);
  }
  return 0;
}

async function installed(io: Io, options: ListOptions) {
  if (!(await exists(dataDirOf(io, options)))) return [];
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  return await daemon.list({ language: languageOf(io), signal: io.signal });
}
