import { assertDataDir, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import type { PolicyOptions } from '../policy.js';

/** `jpl adopt ID`: a folder that another program left becomes an installed plugin, by the signatures it carries. */
export async function adopt(
  io: Io,
  id: string,
  options: PolicyOptions & { readonly json?: boolean | undefined },
): Promise<number> {
  await assertDataDir(io, id, options);
  await using daemon = await openDaemon(io, options);
  const report = await daemon.adopt(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else io.stdout(`${report.id} ${report.version} is adopted\n`);
  return 0;
}
