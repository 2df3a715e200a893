import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurably, unfinishedName, writeDurably } from '../blobs/durable-file.js';
import { StoreError } from '../error.js';
import { type IdOwner, ownerRecordName, parseIdOwner } from './id-owner.js';
import { parseReleaseRecord, type ReleaseRecord } from './release-record.js';

const maxRecordBytes = 4 * 1024 * 1024;

/**
 * The store's folder on disk:
 * `packages/*.jpl` the operator's · `catalog/<sha256>.json` one record a package · `images/<sha256>` taken out of
 * packages · `owners/<sha256 of the lower-cased id>.json` whose an id is, kept after its packages are gone.
 */
export class DataFolder {
  readonly packagesDir: string;
  readonly imagesDir: string;
  readonly #catalogDir: string;
  readonly #ownersDir: string;

  private constructor(root: string) {
    this.packagesDir = join(root, 'packages');
    this.imagesDir = join(root, 'images');
    this.#catalogDir = join(root, 'catalog');
    this.#ownersDir = join(root, 'owners');
  }

  /** Makes what is missing. @throws {StoreError} DATA_FOLDER_UNUSABLE */
  static async open(root: string): Promise<DataFolder> {
    const folder = new DataFolder(root);
    try {
      for (const path of [folder.packagesDir, folder.imagesDir, folder.#catalogDir, folder.#ownersDir]) {
        await mkdir(path, { recursive: true });
        await removeUnfinished(path);
      }
    } catch (cause) {
      throw new StoreError('DATA_FOLDER_UNUSABLE', `The data folder ${root} cannot be used.`, {
        file: root,
        cause,
      });
    }
    return folder;
  }

  /** Every readable record; `onMalformed` is told of the others. */
  readRecords(onMalformed: (error: StoreError) => void): Promise<ReleaseRecord[]> {
    return readAll(this.#catalogDir, parseReleaseRecord, onMalformed);
  }

  readOwners(onMalformed: (error: StoreError) => void): Promise<IdOwner[]> {
    return readAll(this.#ownersDir, parseIdOwner, onMalformed);
  }

  /** The record of a package, where there is a readable one. */
  async readRecord(sha256: string): Promise<ReleaseRecord | undefined> {
    try {
      return parseReleaseRecord(await readBounded(this.#recordPath(sha256)), sha256);
    } catch (error) {
      if (error instanceof StoreError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async writeRecord(record: ReleaseRecord): Promise<void> {
    await writeDurably(this.#recordPath(record.sha256), jsonOf(record));
  }

  async removeRecord(sha256: string): Promise<void> {
    await removeDurably(this.#recordPath(sha256));
  }

  async writeOwner(owner: IdOwner): Promise<void> {
    await writeDurably(join(this.#ownersDir, `${ownerRecordName(owner.id)}.json`), jsonOf(owner));
  }

  /** Images are named by their bytes, so one that is there already is the same. */
  async writeImage(sha256: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.imagesDir, sha256);
    const known = await stat(path).catch(() => undefined);
    if (known?.size !== bytes.length) await writeDurably(path, bytes);
  }

  /** Removes images no record speaks of, and nothing that is none; returns those that are there. */
  async retainImages(used: ReadonlySet<string>): Promise<Set<string>> {
    const present = new Set<string>();
    for (const name of await readdir(this.imagesDir)) {
      if (used.has(name)) present.add(name);
      else if (/^[0-9a-f]{64}$/.test(name)) await rm(join(this.imagesDir, name), { force: true });
    }
    return present;
  }

  #recordPath(sha256: string): string {
    return join(this.#catalogDir, `${sha256}.json`);
  }
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

async function readAll<T>(
  folder: string,
  parse: (bytes: Uint8Array, name: string) => T,
  onMalformed: (error: StoreError) => void,
): Promise<T[]> {
  const found: T[] = [];
  for (const file of await readdir(folder)) {
    const name = /^([0-9a-f]{64})\.json$/.exec(file)?.[1];
    if (name === undefined) continue;
    try {
      found.push(parse(await readBounded(join(folder, file)), name));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      onMalformed(error);
    }
  }
  return found;
}

/** @throws {StoreError} RECORD_MALFORMED when it is no file, or too large to be a record */
async function readBounded(path: string): Promise<Buffer> {
  // Non-blocking: opening a named pipe would wait for its writer.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await file.stat();
  if (!found.isFile() || found.size > maxRecordBytes) {
    throw new StoreError('RECORD_MALFORMED', 'An index record is no file, or too large to be one.', {
      file: path,
    });
  }
  return await file.readFile();
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (unfinishedName.test(name)) await rm(join(folder, name), { force: true });
  }
}
