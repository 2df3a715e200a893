import { join } from 'node:path';
import type { BlobStore } from './blob-store.js';
import { FolderBlobs } from './folder-blobs.js';
import type { S3Settings } from './s3-settings.js';

export interface BlobsOptions {
  readonly dataDir: string;
  /** undefined = a folder below the data folder. */
  readonly s3?: S3Settings | undefined;
  readonly clock: () => Date;
}

/** Opens where the store's bytes lie. @throws {StoreError} DATA_FOLDER_UNUSABLE | BLOB_STORE_UNAVAILABLE */
export async function openBlobs({ dataDir, s3, clock }: BlobsOptions): Promise<BlobStore> {
  if (s3 === undefined) return await FolderBlobs.open(join(dataDir, 'blobs'), clock());
  const { S3Blobs } = await import('./s3-blobs.js');
  const blobs = await S3Blobs.open(s3, { clock });
  try {
    await blobs.assertUsable();
    return blobs;
  } catch (error) {
    await blobs[Symbol.asyncDispose]();
    throw error;
  }
}
