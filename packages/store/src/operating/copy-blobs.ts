import { createHash } from 'node:crypto';
import type { BlobStore, OpenBlob } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import type { WantedBlob } from './wanted-blobs.js';

/** Blobs at work on at a time: for a disk one after the other would do, a bucket answers slowly but many. */
const atOnce = 4;

export interface CopiedBlobs {
  copied: number;
  copiedBytes: number;
  /** Blobs whose bytes at the target were read and have their digest. */
  verified: number;
}

export interface BlobCopying {
  readonly source: BlobStore;
  readonly target: BlobStore;
  /** Digests that were verified at the target, by this run. */
  readonly verified: Set<string>;
  readonly signal: AbortSignal;
  readonly onBlob?: ((done: CopiedBlobs) => void) | undefined;
}

/**
 * Sees that the target has every blob wanted, with its very bytes: copies those that it lacks, and reads all that were not verified before.
 * @throws {StoreError} BLOB_CORRUPT where the source has other bytes, or none · BLOB_STORE_UNAVAILABLE | STORAGE_FULL
 */
export async function copyBlobs(
  { source, target, verified, signal, onBlob }: BlobCopying,
  wanted: AsyncIterable<WantedBlob>,
): Promise<CopiedBlobs> {
  const done: CopiedBlobs = { copied: 0, copiedBytes: 0, verified: 0 };
  await forEach(wanted, async (blob) => {
    signal.throwIfAborted();
    if (verified.has(blob.sha256)) return;
    if (source.place !== target.place && (await target.stat(blob.sha256))?.size !== blob.size) {
      await copyBlob(source, target, blob, signal);
      done.copied += 1;
      done.copiedBytes += blob.size;
    }
    await assertBytes(target, blob, signal);
    verified.add(blob.sha256);
    done.verified += 1;
    onBlob?.(done);
  });
  return done;
}

/** @throws {StoreError} BLOB_CORRUPT */
async function copyBlob(
  source: BlobStore,
  target: BlobStore,
  blob: WantedBlob,
  signal: AbortSignal,
): Promise<void> {
  const bytes = await readBlob(source, blob);
  await using received = await target.receive(bytes, { maxBytes: blob.size, signal });
  await received.keep();
}

/**
 * The bytes of a blob; the last of them come only where all are those of its digest.
 * @throws {StoreError} BLOB_CORRUPT, now or at the end
 */
export async function readBlob(source: BlobStore, blob: WantedBlob): Promise<AsyncIterable<Uint8Array>> {
  const opened = await source.open(blob.sha256);
  if (opened === undefined) throw corrupt(source, blob, 'is missing');
  if (opened.size !== blob.size) {
    await opened.close();
    throw corrupt(source, blob, `has ${opened.size} bytes instead of ${blob.size}`);
  }
  return verifiedBytes(source, blob, opened);
}

async function* verifiedBytes(
  source: BlobStore,
  blob: WantedBlob,
  opened: OpenBlob,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for await (const chunk of opened.read()) {
    if (last !== undefined) yield last;
    hash.update(chunk);
    last = chunk;
  }
  if (hash.digest('hex') !== blob.sha256) throw corrupt(source, blob, 'has other bytes than were stored');
  if (last !== undefined) yield last;
}

/** @throws {StoreError} BLOB_CORRUPT */
async function assertBytes(target: BlobStore, blob: WantedBlob, signal: AbortSignal): Promise<void> {
  const opened = await target.open(blob.sha256);
  if (opened === undefined) throw corrupt(target, blob, 'is missing');
  if ((await digestOf(opened, signal)) !== blob.sha256)
    throw corrupt(target, blob, 'has other bytes than were stored');
}

/** Reads a blob to its end. @throws {StoreError} BLOB_CORRUPT where the blob store itself sees the difference */
export async function digestOf(blob: OpenBlob, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of blob.read()) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest('hex');
}

function corrupt({ place }: BlobStore, { sha256, of }: WantedBlob, what: string): StoreError {
  return new StoreError(
    'BLOB_CORRUPT',
    `${sha256} (${of}) ${what} at ${place}. jpl store check lists all such.`,
    {
      file: place,
    },
  );
}

/** Works through a sequence, a few at a time; the first failure ends it, once those at work have ended. */
export async function forEach<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      const next = await iterator.next();
      if (next.done === true) return;
      await work(next.value);
    }
  };
  const workers = Array.from({ length: atOnce }, () =>
    worker().catch((error: unknown) => {
      failure ??= { error };
    }),
  );
  await Promise.all(workers);
  await iterator.return?.();
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}
