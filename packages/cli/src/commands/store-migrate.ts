import {
  abandonMove,
  type MoveProgress,
  moveStore,
  openEmptyPlace,
  openStoreData,
} from '@jami-plugin-store/store';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';
import { placeOf, targetOf } from './store-place.js';

export interface MigrateOptions {
  readonly dataDir: string;
  readonly to?: string | undefined;
  readonly s3?: string | undefined;
  readonly abandon?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl store migrate`: moves a store while it is served; run again, it goes on. */
export async function storeMigrate(io: Io, options: MigrateOptions): Promise<number> {
  const place = placeOf(io, options.dataDir);
  await using source = await openStoreData(place, io.clock);
  if (options.abandon === true) {
    const to = await abandonMove(source);
    if (options.json) printJson(io, { abandoned: to !== undefined, ...(to !== undefined && { to }) });
    else
      io.stdout(
        `${to === undefined ? 'No move was under way' : `The move to ${printable(to)} is given up`}: ${printable(source.database.place)} takes changes\n`,
      );
    return 0;
  }
  if (options.to === undefined)
    throw new UsageError('OPTION_MISSING', '--to is needed: postgres://… or a folder');
  await using target = await openEmptyPlace(
    await targetOf(io, place, { to: options.to, s3File: options.s3 }),
    io.clock,
  );
  const report = await moveStore({
    source,
    target,
    clock: io.clock,
    signal: io.signal,
    onProgress: (progress) => drawMove(io, progress),
  });
  endProgress(io);
  const bytes = { blobsFrom: source.blobs.place, blobsTo: target.blobs.place };
  if (options.json) printJson(io, { ...report, ...bytes });
  else if (report.wasDone)
    io.stdout(`The store had been moved to ${printable(report.to)} before; nothing was done\n`);
  else {
    const rows = Object.values(report.tables).reduce((sum, count) => sum + count, 0);
    io.stdout(`The store is at ${printable(report.to)}, its packages at ${printable(target.blobs.place)}\n`);
    io.stdout(`  ${rows} rows of ${Object.keys(report.tables).length} tables are the same at both ends\n`);
    io.stdout(`  ${report.blobs} blobs have their digests, ${report.copiedBytes} bytes were copied\n`);
    io.stdout(
      `  ${printable(report.from)} refused changes for ${(report.frozenMs / 1000).toFixed(1)} s, and goes on refusing them: start the store over the new place\n`,
    );
  }
  return 0;
}

const words: Readonly<Record<MoveProgress['step'], string>> = {
  rows: 'Copying rows',
  words: 'Indexing plugins',
  blobs: 'Copying and reading blobs',
  changes: 'Carrying over changes',
  verifying: 'Comparing both ends',
};

/** One line of a terminal; nothing where nobody watches. */
export function drawMove(io: Io, { step, what, done }: MoveProgress): void {
  if (io.interactive)
    io.stderr(`\r\u001b[K${words[step]}${what === undefined ? '' : ` of ${what}`}: ${done}`);
}

export function endProgress(io: Io): void {
  if (io.interactive) io.stderr('\r\u001b[K');
}
