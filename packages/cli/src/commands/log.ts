import type { ActivityEntry, ActivityReport } from '@jami-plugin-store/contract';
import { dataDirOf, exists, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';

export interface LogOptions {
  readonly dataDir?: string | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl log`: what changed, oldest first. A data folder that is not there has no log, and is not made by asking. */
export async function log(io: Io, options: LogOptions): Promise<number> {
  const { entries, hasMore } = await read(io, options);
  if (options.json) {
    printJson(io, { entries, hasMore });
    return 0;
  }
  if (entries.length === 0) io.stderr('Nothing is written down.\n');
  for (const entry of entries) io.stdout(`${printable(line(entry))}\n`);
  const last = entries.at(-1);
  if (hasMore && last !== undefined) io.stderr(`There is more: --after ${last.number}\n`);
  return 0;
}

async function read(io: Io, options: LogOptions): Promise<ActivityReport> {
  if (!(await exists(dataDirOf(io, options)))) return { entries: [], hasMore: false };
  await using daemon = await openDaemon(io, { dataDir: options.dataDir });
  const { after, limit } = options;
  return await daemon.activity({ after, limit, signal: io.signal });
}

/** When, what, by what, by whom it was published, and the exact reason where it was a "no". */
function line({ at, action, message, publisher, by, code }: ActivityEntry): string {
  const published = publisher === null ? '' : `  published by ${publisher}`;
  const verdict = code === null ? '' : `  [${code}]`;
  const cause = by === 'request' ? '' : `  (${by})`;
  return `${at}  ${action}${cause}  ${message}${published}${verdict}`;
}
