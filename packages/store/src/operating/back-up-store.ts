import { createReadStream } from 'node:fs';
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { blobName } from '../blobs/blob-name.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { syncFolder } from '../blobs/durable-file.js';
import { FolderBlobs } from '../blobs/folder-blobs.js';
import { connectDatabase, sqliteFileName } from '../database/open-database.js';
import { StoreError } from '../error.js';
import { type BackupFacts, copyDatabase } from './backup-database.js';
import { copyBlobs, readBlob } from './copy-blobs.js';
import type { StoreData } from './store-data.js';
import { type ArchivedFile, writeTar } from './tar-archive.js';
import { wantedBlobs } from './wanted-blobs.js';
import { makeWorkFolder } from './work-folder.js';

export interface BackUpOptions {
  readonly source: StoreData;
  /** A folder, or a file that ends with `.tar`. */
  readonly to: string;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((done: { readonly blobs: number }) => void) | undefined;
}

export interface BackupReport {
  readonly createdAt: string;
  readonly tables: Readonly<Record<string, number>>;
  readonly blobs: number;
  /** Copied now; a folder keeps those of earlier backups. */
  readonly copiedBytes: number;
}

/**
 * Backs a store up while it is served: its rows as they are at one instant, and every blob that they refer to, held against its digest.
 * In a folder the next backup takes the place of the one before, at once, and copies only blobs that are new; that folder is itself a
 * store's. A `.tar` file holds the same.
 * @throws {StoreError} STORE_NOT_EMPTY where a store is, or the file is there already · BLOB_CORRUPT, and as databases and blobs fail
 */
export async function backUpStore(options: BackUpOptions): Promise<BackupReport> {
  const isFile = options.to.endsWith('.tar');
  const parent = isFile ? dirname(options.to) : options.to;
  await assertFree(options.to, isFile);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await using work = await makeWorkFolder(parent, 'backup');
  const facts = await copyDatabase(options.source.database, work.path, options.clock(), options.signal);
  const copied = isFile ? await intoFile(options, work.path) : await intoFolder(options, work.path);
  return reportOf(facts, copied);
}

interface Copied {
  readonly blobs: number;
  readonly copiedBytes: number;
}

/** @throws {StoreError} STORE_NOT_EMPTY */
async function assertFree(to: string, isFile: boolean): Promise<void> {
  const found = await stat(to).catch(() => undefined);
  if (isFile && found !== undefined) throw notFree(`${to} is there already`);
  if (isFile || !(await isThere(join(to, sqliteFileName)))) return;
  await using database = await connectDatabase({ dataDir: to });
  const tables = await database.queries.introspection.getTables();
  if (tables.some(({ name }) => name === 'store_backup')) return;
  throw notFree(`${to} has a store, not a backup`);
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function notFree(what: string): StoreError {
  return new StoreError('STORE_NOT_EMPTY', `${what}; nothing is written over.`);
}

async function intoFolder(options: BackUpOptions, work: string): Promise<Copied> {
  const copied = await copyWanted(options, work);
  // The bytes are there: now the rows that refer to them.
  for (const beside of ['-wal', '-shm'])
    await rm(join(options.to, `${sqliteFileName}${beside}`), { force: true });
  await rename(join(work, sqliteFileName), join(options.to, sqliteFileName));
  await syncFolder(options.to);
  return copied;
}

async function copyWanted(
  { source, to, clock, signal, onProgress }: BackUpOptions,
  work: string,
): Promise<Copied> {
  await using target = await FolderBlobs.open(join(to, 'blobs'), clock());
  await using copy = await connectDatabase({ dataDir: work });
  const verified = new Set<string>();
  const onBlob = (done: { verified: number }): void => onProgress?.({ blobs: done.verified });
  const copying = { source: source.blobs, target, verified, signal, onBlob };
  const { copiedBytes } = await copyBlobs(copying, wantedBlobs(copy.queries));
  return { blobs: verified.size, copiedBytes };
}

async function intoFile({ source, to, signal, onProgress }: BackUpOptions, work: string): Promise<Copied> {
  const unfinished = join(work, basename(to));
  let [blobs, copiedBytes] = [0, 0];
  async function* files(): AsyncGenerator<ArchivedFile> {
    for await (const file of archivedBlobs(source.blobs, work)) {
      yield file;
      blobs += 1;
      copiedBytes += file.size;
      onProgress?.({ blobs });
    }
    // Last: an archive that was cut off lacks it.
    const database = join(work, sqliteFileName);
    const { size } = await stat(database);
    yield { name: sqliteFileName, size, bytes: createReadStream(database) };
  }
  {
    await using file = await open(unfinished, 'wx', 0o600);
    for await (const chunk of writeTar(files())) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    await file.sync();
  }
  await rename(unfinished, to);
  await syncFolder(dirname(to));
  return { blobs, copiedBytes };
}

/** @throws {StoreError} BLOB_CORRUPT */
async function* archivedBlobs(source: BlobStore, work: string): AsyncGenerator<ArchivedFile> {
  await using copy = await connectDatabase({ dataDir: work });
  for await (const blob of wantedBlobs(copy.queries)) {
    yield { name: `blobs/${blobName(blob.sha256)}`, size: blob.size, bytes: await readBlob(source, blob) };
  }
}

function reportOf({ createdAt, tables }: BackupFacts, copied: Copied): BackupReport {
  const rows = Object.entries(tables).map(([name, facts]) => [name, facts.rows] as const);
  return { createdAt, tables: Object.fromEntries(rows), ...copied };
}
