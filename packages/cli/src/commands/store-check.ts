import { checkStore, openStoreData, StoreError } from '@jami-plugin-store/store';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';
import { drawMove, endProgress } from './store-migrate.js';
import { placeOf } from './store-place.js';

export interface CheckStoreOptions {
  readonly dataDir: string;
  readonly repair?: boolean | undefined;
  /** Minutes. */
  readonly olderThan: number;
  readonly json?: boolean | undefined;
}

/** `jpl store check`: 0 = whole, or whole again · 1 = something is wrong · 2 = it could not be looked at. */
export async function storeCheck(io: Io, options: CheckStoreOptions): Promise<number> {
  const { repair = false, olderThan } = options;
  try {
    await using data = await openStoreData(placeOf(io, options.dataDir), io.clock);
    const report = await checkStore({
      data,
      clock: io.clock,
      signal: io.signal,
      repair,
      olderThanMs: olderThan * 60_000,
      onProgress: ({ blobs }) => drawMove(io, { step: 'blobs', done: blobs }),
    });
    endProgress(io);
    if (options.json) printJson(io, report);
    else {
      for (const { code, subject, message, repaired } of report.findings)
        io.stdout(`${code}  ${printable(subject)}: ${printable(message)}${repaired ? ' (repaired)' : ''}\n`);
      const { blobs, auditRecords, unfinishedUploads, remaining } = report;
      const found = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
      io.stdout(
        `${blobs.read} blobs read (${blobs.bytes} bytes), ${auditRecords} audit records; ${found} findings, ${remaining} remain\n`,
      );
      io.stdout(
        `  ${unfinishedUploads} uploads are under way, ${blobs.youngOrphans} blobs are not referred to yet\n`,
      );
    }
    return report.remaining === 0 ? 0 : 1;
  } catch (error) {
    // What cannot be looked at is neither whole nor broken.
    if (error instanceof StoreError) throw new UsageError(error.code, error.message, { cause: error });
    throw error;
  }
}
