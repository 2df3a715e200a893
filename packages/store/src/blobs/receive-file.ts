import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../error.js';
import { blobFailureOf } from './blob-failure.js';
import type { BlobFacts, ReceiveBounds } from './blob-store.js';

/** A file whose bytes were hashed as they came. */
export interface ReceivedFile extends BlobFacts {
  readonly path: string;
}

/**
 * Writes a stream into a new file of `folder`, flushed to the disk. Nothing is left where it fails.
 * @throws {StoreError} PACKAGE_TOO_LARGE | STORAGE_FULL | BLOB_STORE_UNAVAILABLE, and whatever the source throws
 */
export async function receiveFile(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { maxBytes, signal }: ReceiveBounds,
): Promise<ReceivedFile> {
  const path = join(folder, `.${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(path, 'wx', 0o644).catch((error: unknown) => {
    throw blobFailureOf(error, folder);
  });
  try {
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of source) {
        signal?.throwIfAborted();
        size += chunk.length;
        if (size > maxBytes) {
          throw new StoreError('PACKAGE_TOO_LARGE', `More than ${maxBytes} bytes are not taken.`);
        }
        hash.update(chunk);
        await writeWhole(file, chunk, folder);
      }
      await file.sync().catch((error: unknown) => {
        throw blobFailureOf(error, folder);
      });
    } finally {
      await file.close();
    }
    return { path, size, sha256: hash.digest('hex') };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function writeWhole(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  folder: string,
): Promise<void> {
  try {
    for (let written = 0; written < chunk.length; ) {
      written += (await file.write(chunk, written)).bytesWritten;
    }
  } catch (error) {
    throw blobFailureOf(error, folder);
  }
}
