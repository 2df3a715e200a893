import type { StoredBlob } from '../blobs/blob-store.js';
import { lockForSweep } from '../blobs/sweep-lock.js';
import { StoreError } from '../error.js';
import type { Checking, CheckReport } from './check-store.js';
import { digestOf, forEach } from './copy-blobs.js';
import type { StoreData } from './store-data.js';
import { type WantedBlob, wantedBlobs } from './wanted-blobs.js';

/** Removed in one transaction, for which everyone who publishes waits. */
const removedAtOnce = 20;

/** Bytes against rows, and rows against bytes. */
export async function checkBlobs(checking: Checking): Promise<CheckReport['blobs']> {
  const { data, clock, signal, olderThanMs } = checking;
  const before = await barrier(data);
  const wanted = new Set<string>();
  let [read, bytes, youngOrphans] = [0, 0, 0];
  await forEach(wantedBlobs(data.database.queries), async (blob) => {
    signal.throwIfAborted();
    wanted.add(blob.sha256);
    const length = await checkBlob(checking, blob);
    bytes += length;
    read += 1;
    checking.onProgress?.({ blobs: read });
  });
  const orphans: StoredBlob[] = [];
  const youngest = clock().getTime() - olderThanMs;
  for await (const blob of data.blobs.list()) {
    signal.throwIfAborted();
    if (wanted.has(blob.sha256)) continue;
    if (blob.storedAt.getTime() > youngest) youngOrphans += 1;
    else orphans.push(blob);
    if (orphans.length >= removedAtOnce) await settleOrphans(checking, orphans.splice(0), before);
  }
  await settleOrphans(checking, orphans, before);
  return { read, bytes, youngOrphans };
}

/** The highest number of a package entered so far: whatever is entered from now on has a higher one. */
async function barrier({ database }: StoreData): Promise<number> {
  return await database.transact(async (tx) => {
    // Waits for those that have their number and are not committed.
    await lockForSweep(tx, database.kind);
    const row = await tx
      .selectFrom('packages')
      .select((builder) => builder.fn.max('number').as('number'))
      .executeTakeFirst();
    return Number(row?.number ?? 0);
  });
}

/** @returns bytes read */
async function checkBlob(
  { data, signal, tell }: Checking,
  { sha256, size, of }: WantedBlob,
): Promise<number> {
  const told = (code: 'BLOB_MISSING' | 'BLOB_CHANGED', what: string): void =>
    tell({ code, subject: sha256, message: `${what}; ${of} needs it`, repaired: false });
  const blob = await data.blobs.open(sha256);
  if (blob === undefined) {
    told('BLOB_MISSING', 'the bytes are missing');
    return 0;
  }
  if (blob.size !== size) {
    await blob.close();
    told('BLOB_CHANGED', `there are ${blob.size} bytes instead of ${size}`);
    return 0;
  }
  try {
    if ((await digestOf(blob, signal)) === sha256) return size;
  } catch (error) {
    // A bucket's reader holds bytes against their digest by itself.
    if (!(error instanceof StoreError && error.code === 'BLOB_CORRUPT')) throw error;
  }
  told('BLOB_CHANGED', 'the bytes are others than were stored');
  return size;
}

/**
 * Removes orphans, where they still are: while nobody enters anything, each is held once more against what was entered since, and against
 * its age, which whoever keeps the same bytes again renews.
 */
async function settleOrphans(
  checking: Checking,
  orphans: readonly StoredBlob[],
  before: number,
): Promise<void> {
  const { data, clock, repair, olderThanMs, tell } = checking;
  if (orphans.length === 0) return;
  const told = ({ sha256, size }: StoredBlob, repaired: boolean): void =>
    tell({
      code: 'BLOB_ORPHANED',
      subject: sha256,
      message: `nothing refers to these ${size} bytes`,
      repaired,
    });
  if (!repair) {
    for (const orphan of orphans) told(orphan, false);
    return;
  }
  const removed: StoredBlob[] = [];
  await data.database.transact(async (tx) => {
    removed.length = 0;
    await lockForSweep(tx, data.database.kind);
    const entered = new Set<string>();
    for await (const { sha256 } of wantedBlobs(tx, before)) entered.add(sha256);
    for (const orphan of orphans) {
      const now = entered.has(orphan.sha256) ? undefined : await data.blobs.stat(orphan.sha256);
      if (now === undefined || now.storedAt.getTime() > clock().getTime() - olderThanMs) continue;
      await data.blobs.delete(orphan.sha256);
      removed.push(orphan);
    }
  });
  for (const orphan of removed) told(orphan, true);
}
