import { assertDataDir, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import type { PolicyOptions } from '../policy.js';

/** `jpl rollback ID`: back to the version kept before the installed one. */
export async function rollback(
  io: Io,
  id: string,
  options: PolicyOptions & { readonly json?: boolean | undefined },
): Promise<number> {
  await assertDataDir(io, id, options);
  await using daemon = await openDaemon(io, options);
  const report = await daemon.rollback(id, { signal: io.signal });
  if (options.json) printJson(io, report);
  else io.stdout(`${report.id} ${report.version} is back in place of ${report.from}\n`);
  return 0;
}
