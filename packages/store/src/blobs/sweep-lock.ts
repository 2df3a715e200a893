import { sql } from 'kysely';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import type { BlobStore } from './blob-store.js';

/** Number of PostgreSQL's advisory lock, of no meaning. */
const lockNumber = 7_361_508_214;

/**
 * Sees that blobs which were kept are still there, and that they stay until the transaction has entered what refers to them: whoever
 * clears up waits for its end. First in the transaction. SQLite has one writer at a time anyway.
 * @throws {StoreError} BLOB_STORE_UNAVAILABLE: they were cleared up in between; the same again will do
 */
export async function holdBlobs(
  tx: StoreTransaction,
  kind: DatabaseKind,
  blobs: BlobStore,
  digests: readonly string[],
): Promise<void> {
  if (kind === 'postgresql') await sql`select pg_advisory_xact_lock_shared(${lockNumber})`.execute(tx);
  for (const sha256 of digests) {
    if ((await blobs.stat(sha256)) !== undefined) continue;
    throw new StoreError(
      'BLOB_STORE_UNAVAILABLE',
      'The bytes were cleared up while they were entered; try again.',
      {
        file: sha256,
        headers: { 'retry-after': '1' },
      },
    );
  }
}

/** Waits for all that enter something now, and keeps others from it until the transaction ends. */
export async function lockForSweep(tx: StoreTransaction, kind: DatabaseKind): Promise<void> {
  if (kind === 'postgresql') await sql`select pg_advisory_xact_lock(${lockNumber})`.execute(tx);
}
