import { basename, resolve } from 'node:path';
import { packPlugin } from '@jami-plugin-store/jpl';
import { type Io, printJson } from '../io.js';

export interface PackOptions {
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl pack DIR`: writes an unsigned package of a plugin's folder, `<folder>.jpl` in the current folder by default. */
export async function pack(io: Io, folder: string, options: PackOptions): Promise<number> {
  const dir = resolve(io.cwd, folder);
  const file = resolve(io.cwd, options.output ?? `${basename(dir)}.jpl`);
  const { id, version } = await packPlugin(dir, file);
  if (options.json) printJson(io, { file, id, version, signed: false });
  else io.stdout(`${file}: ${id} ${version}, not signed yet\n`);
  return 0;
}
