import { readUpdateReport } from '@jami-plugin-store/client';
import type { ActivityEntry, ActivityReport, UpdateEntry } from '@jami-plugin-store/contract';
import { dataDirOf, exists, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';

export interface LogOptions {
  readonly dataDir?: string | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  /** What looking for updates found and did, instead of what changed. */
  readonly updates?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl log`: what changed, oldest first. A data folder that is not there has no log, and is not made by asking. */
export async function log(io: Io, options: LogOptions): Promise<number> {
  if (options.updates === true) return await logUpdates(io, options);
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

/** `jpl log --updates` */
async function logUpdates(io: Io, { after, limit, ...options }: LogOptions): Promise<number> {
  if (after !== undefined) throw new UsageError('USAGE', '--updates has no numbers to go on --after');
  const { entries, failures, ...times } = await readUpdateReport(dataDirOf(io, options));
  const told = entries.slice(0, limit).reverse();
  if (options.json) {
    printJson(io, { ...times, failures, entries: told });
    return 0;
  }
  if (told.length === 0) io.stderr('Nothing was found yet.\n');
  for (const entry of told) io.stdout(`${printable(updateLine(entry))}\n`);
  for (const { store, failure } of failures)
    io.stderr(
      `${printable(`${store} could not be asked the last time: ${failure.message}`)} (${failure.code})\n`,
    );
  if (times.checkedAt !== undefined) io.stderr(`Last asked at ${times.checkedAt}\n`);
  return 0;
}

function updateLine({ at, what, store, plugin, from, to, code, message }: UpdateEntry): string {
  const versions = [from, to].filter((version) => version !== undefined).join(' -> ');
  const reason = message === undefined ? '' : `  ${message}`;
  const verdict = code === undefined ? '' : `  [${code}]`;
  return `${at}  ${what}  ${plugin}  ${versions}  (${store})${reason}${verdict}`;
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
