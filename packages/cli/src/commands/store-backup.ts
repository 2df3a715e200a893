import { resolve } from 'node:path';
import { backUpStore, openEmptyPlace, openStoreData, restoreStore } from '@jami-plugin-store/store';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { drawMove, endProgress } from './store-migrate.js';
import { placeOf } from './store-place.js';

export interface BackupOptions {
  readonly dataDir: string;
  readonly json?: boolean | undefined;
}

/** `jpl store backup TO`: of a store that may be running. */
export async function storeBackup(io: Io, to: string, options: BackupOptions): Promise<number> {
  await using source = await openStoreData(placeOf(io, options.dataDir), io.clock);
  const report = await backUpStore({
    source,
    to: resolve(io.cwd, to),
    clock: io.clock,
    signal: io.signal,
    onProgress: ({ blobs }) => drawMove(io, { step: 'blobs', done: blobs }),
  });
  endProgress(io);
  if (options.json) printJson(io, report);
  else {
    io.stdout(
      `${to}: the store as of ${report.createdAt}, ${report.blobs} blobs, ${report.copiedBytes} bytes copied\n`,
    );
  }
  return 0;
}

/** `jpl store restore FROM`: into an empty place. */
export async function storeRestore(io: Io, from: string, options: BackupOptions): Promise<number> {
  const place = placeOf(io, options.dataDir);
  await using target = await openEmptyPlace(place, io.clock);
  const report = await restoreStore({
    from: resolve(io.cwd, from),
    target,
    workFolder: place.dataDir,
    clock: io.clock,
    signal: io.signal,
    onProgress: (progress) => drawMove(io, progress),
  });
  endProgress(io);
  const { to, createdAt, tables, blobs, copiedBytes } = report;
  if (options.json) printJson(io, { from: report.from, to, createdAt, tables, blobs, copiedBytes });
  else io.stdout(`${printable(to)}: the store as of ${createdAt}, ${blobs} blobs with their digests\n`);
  return 0;
}
