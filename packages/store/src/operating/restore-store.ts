import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../blobs/blob-failure.js';
import { FolderBlobs } from '../blobs/folder-blobs.js';
import { connectDatabase, openDatabase, sqliteFileName } from '../database/open-database.js';
import { readBackup } from './backup-database.js';
import { type MoveProgress, type MoveReport, moveStore } from './move-store.js';
import type { StoreData } from './store-data.js';
import { malformed, readTar } from './tar-archive.js';
import { makeWorkFolder } from './work-folder.js';

export interface RestoreOptions {
  /** A folder, or a file that ends with `.tar`. */
  readonly from: string;
  /** From `openEmptyPlace`. */
  readonly target: StoreData;
  /** Where a copy of the backup's database may lie meanwhile, and of an archive all of it. */
  readonly workFolder: string;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
}

export interface RestoreReport extends MoveReport {
  /** When the backup was made. */
  readonly createdAt: string;
}

/**
 * Makes an empty place the store that was backed up, whatever kind of database and bytes it had and gets. The backup stays as it is; one
 * of an older version is brought up to date on the way.
 * @throws {StoreError} BACKUP_MALFORMED | STORE_NOT_EMPTY | BLOB_CORRUPT | MOVE_NOT_VERIFIED | SCHEMA_TOO_NEW
 */
export async function restoreStore(options: RestoreOptions): Promise<RestoreReport> {
  const { from, target, workFolder, clock, signal, onProgress } = options;
  await mkdir(workFolder, { recursive: true });
  await using work = await makeWorkFolder(workFolder, 'restore');
  const folder = from.endsWith('.tar') ? await unpack(from, join(work.path, 'backup'), signal) : from;
  const rows = join(work.path, 'rows');
  await mkdir(rows, { recursive: true });
  await copyRows(folder, rows);
  const { createdAt } = await verified(rows, signal);
  await using database = await openDatabase({ dataDir: rows });
  await using blobs = await FolderBlobs.open(join(folder, 'blobs'), clock());
  const source: StoreData = { database, blobs, async [Symbol.asyncDispose]() {} };
  const report = await moveStore({ source, target, clock, signal, onProgress });
  return { ...report, from, createdAt };
}

/** With the log beside the file, where somebody opened it since. @throws {StoreError} BACKUP_MALFORMED */
async function copyRows(folder: string, rows: string): Promise<void> {
  await copyFile(join(folder, sqliteFileName), join(rows, sqliteFileName)).catch((cause: unknown) => {
    throw malformed(`${folder} has no ${sqliteFileName}`, cause);
  });
  const log = `${sqliteFileName}-wal`;
  await copyFile(join(folder, log), join(rows, log)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Before its schema is brought up to date: its rows as they were backed up. @throws {StoreError} BACKUP_MALFORMED */
async function verified(folder: string, signal: AbortSignal): Promise<{ createdAt: string }> {
  await using database = await connectDatabase({ dataDir: folder });
  return await readBackup(database, signal);
}

/** @throws {StoreError} BACKUP_MALFORMED */
async function unpack(archive: string, folder: string, signal: AbortSignal): Promise<string> {
  await stat(archive).catch((cause: unknown) => {
    throw malformed(`${archive} cannot be read`, cause);
  });
  for await (const { name, bytes } of readTar(createReadStream(archive))) {
    if (name !== sqliteFileName && !/^blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name)) {
      throw malformed('it holds files that belong to no store');
    }
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(path, 'wx', 0o600);
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
  }
  return folder;
}
