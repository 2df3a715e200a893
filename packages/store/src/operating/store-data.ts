import type { BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import type { S3Settings } from '../blobs/s3-settings.js';
import type { StoreDatabase } from '../database/database.js';
import { assertSqliteThere, connectDatabase, openDatabase } from '../database/open-database.js';

/** Where a store keeps what it has. */
export interface StorePlace {
  /** Holds `store.sqlite` and `blobs/`, as far as the two below are not given. */
  readonly dataDir: string;
  /** `postgres://…` */
  readonly databaseUrl?: string | undefined;
  readonly s3?: S3Settings | undefined;
}

/** All that a store has: rows and bytes. */
export interface StoreData extends AsyncDisposable {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
}

/**
 * Opens what a store that exists has, also while processes serve it.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE where no store is, and as `openDatabase` and `openBlobs`
 */
export async function openStoreData(place: StorePlace, clock: () => Date): Promise<StoreData> {
  const { dataDir, databaseUrl } = place;
  if (databaseUrl === undefined) await assertSqliteThere(dataDir);
  return withBlobs(await openDatabase({ dataDir, url: databaseUrl }), place, clock);
}

/**
 * Opens where a store is to be put. Its schema is as it was found, and rows may come in any order: whoever fills it sees to both.
 * @throws {StoreError} as `connectDatabase` and `openBlobs`
 */
export async function openEmptyPlace(place: StorePlace, clock: () => Date): Promise<StoreData> {
  const { dataDir, databaseUrl } = place;
  const database = await connectDatabase({ dataDir, url: databaseUrl, enforceForeignKeys: false });
  return withBlobs(database, place, clock);
}

async function withBlobs(database: StoreDatabase, place: StorePlace, clock: () => Date): Promise<StoreData> {
  try {
    const blobs = await openBlobs({ dataDir: place.dataDir, s3: place.s3, clock });
    return {
      database,
      blobs,
      async [Symbol.asyncDispose]() {
        await blobs[Symbol.asyncDispose]();
        await database[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
