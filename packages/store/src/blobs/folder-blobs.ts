import { constants } from 'node:fs';
import { access, mkdir, open, opendir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../error.js';
import { blobFailureOf, isMissing } from './blob-failure.js';
import { blobName, blobOfName, partName, partOfName, uploadFolder } from './blob-name.js';
import type {
  BlobFacts,
  BlobStore,
  OpenBlob,
  PartStore,
  ReceiveBounds,
  ReceivedBlob,
  StoredBlob,
  StoredPart,
} from './blob-store.js';
import { removeDurably, syncFolder, unfinishedName, writeDurably } from './durable-file.js';
import { receiveFile } from './receive-file.js';

/** Read ahead for each reader. */
const chunkBytes = 128 * 1024;

/** What an earlier run left unfinished is swept this long after; a process that shares the folder may be at work on it. */
const abandonedMs = 24 * 60 * 60 * 1000;

/**
 * Blobs in a folder, which several processes of one machine may share. A blob is written beside its place, flushed, and
 * renamed into it; the rename is the moment from which it is there.
 * `sha256/ab/ab…` blobs · `uploads/<upload>/<number>` parts · `unfinished/` what is coming in
 */
export class FolderBlobs implements BlobStore {
  readonly place: string;
  readonly parts: PartStore;
  readonly #unfinished: string;

  private constructor(root: string) {
    this.place = root;
    this.parts = new FolderParts(root);
    this.#unfinished = join(root, 'unfinished');
  }

  /** Makes the folder where it is missing, and sweeps what was abandoned. @throws {StoreError} DATA_FOLDER_UNUSABLE */
  static async open(root: string, at: Date): Promise<FolderBlobs> {
    const blobs = new FolderBlobs(root);
    try {
      for (const name of ['sha256', 'uploads', 'unfinished'])
        await mkdir(join(root, name), { recursive: true });
      await sweep(blobs.#unfinished, at.getTime() - abandonedMs);
      return blobs;
    } catch (cause) {
      throw new StoreError('DATA_FOLDER_UNUSABLE', `The folder ${root} cannot be used.`, {
        file: root,
        cause,
      });
    }
  }

  async receive(source: AsyncIterable<Uint8Array>, bounds: ReceiveBounds): Promise<ReceivedBlob> {
    const received = await receiveFile(source, this.#unfinished, bounds);
    return {
      ...received,
      keep: () => this.#keep(received),
      [Symbol.asyncDispose]: () => rm(received.path, { force: true }),
    };
  }

  async put(bytes: Uint8Array): Promise<BlobFacts> {
    await using received = await this.receive(once(bytes), { maxBytes: bytes.length });
    await received.keep();
    return { sha256: received.sha256, size: received.size };
  }

  open(sha256: string): Promise<OpenBlob | undefined> {
    return openFile(join(this.place, blobName(sha256)), this.place);
  }

  async stat(sha256: string): Promise<StoredBlob | undefined> {
    const found = await statFile(join(this.place, blobName(sha256)), this.place);
    return found && { sha256, ...found };
  }

  async delete(sha256: string): Promise<void> {
    const path = join(this.place, blobName(sha256));
    try {
      await removeDurably(path);
    } catch (error) {
      if (!isMissing(error)) throw blobFailureOf(error, this.place);
    }
  }

  async *list(): AsyncIterable<StoredBlob> {
    for await (const { name, ...found } of filesBelow(this.place, 'sha256')) {
      const sha256 = blobOfName(name);
      if (sha256 !== undefined) yield { sha256, ...found };
    }
  }

  async assertUsable(): Promise<void> {
    try {
      await access(join(this.place, 'sha256'), constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw blobFailureOf(error, this.place);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #keep({ path, sha256, size }: BlobFacts & { readonly path: string }): Promise<void> {
    const target = join(this.place, blobName(sha256));
    try {
      if (await renewed(target, size)) return;
      await makeFolder(dirname(target));
      await rename(path, target);
      await syncFolder(dirname(target));
    } catch (error) {
      throw blobFailureOf(error, this.place);
    }
  }
}

class FolderParts implements PartStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(upload: string, number: number, bytes: Uint8Array): Promise<void> {
    const path = join(this.#root, partName(upload, number));
    try {
      await makeFolder(dirname(path));
      await writeDurably(path, bytes);
    } catch (error) {
      throw blobFailureOf(error, this.#root);
    }
  }

  open(upload: string, number: number): Promise<OpenBlob | undefined> {
    return openFile(join(this.#root, partName(upload, number)), this.#root);
  }

  async *list(upload?: string): AsyncIterable<StoredPart> {
    const found: StoredPart[] = [];
    const folder = upload === undefined ? 'uploads' : uploadFolder(upload);
    for await (const { name, ...facts } of filesBelow(this.#root, folder)) {
      const part = partOfName(name);
      if (part === undefined) continue;
      if (upload === undefined) yield { ...part, ...facts };
      else found.push({ ...part, ...facts });
    }
    yield* found.sort((a, b) => a.number - b.number);
  }

  async delete(upload: string): Promise<void> {
    const folder = join(this.#root, uploadFolder(upload));
    try {
      await rm(folder, { recursive: true, force: true });
      await syncFolder(dirname(folder));
    } catch (error) {
      throw blobFailureOf(error, this.#root);
    }
  }
}

/** A folder whose own name is on the disk, too. */
async function makeFolder(path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await syncFolder(dirname(path));
}

async function openFile(path: string, place: string): Promise<OpenBlob | undefined> {
  try {
    // Non-blocking and not through links: something other than a file put there must not be followed or waited for.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const found = await handle.stat();
    if (!found.isFile()) {
      await handle.close();
      return undefined;
    }
    const { size } = found;
    return {
      size,
      read: ({ first, last } = { first: 0, last: size - 1 }) =>
        // Of an empty file there is no last byte.
        handle.createReadStream({ start: first, end: Math.max(first, last), highWaterMark: chunkBytes }),
      close: () => handle.close(),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw blobFailureOf(error, place);
  }
}

/** Makes a blob young again, so that nobody who clears up takes it for forgotten. False: it is not there, or cut short. */
async function renewed(path: string, size: number): Promise<boolean> {
  try {
    if ((await stat(path)).size !== size) return false;
    const now = new Date();
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function statFile(path: string, place: string): Promise<{ size: number; storedAt: Date } | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? { size: found.size, storedAt: found.mtime } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw blobFailureOf(error, place);
  }
}

async function* filesBelow(
  root: string,
  folder: string,
): AsyncIterable<{ name: string; size: number; storedAt: Date }> {
  let entries: Awaited<ReturnType<typeof opendir>>;
  try {
    entries = await opendir(join(root, folder));
  } catch (error) {
    if (isMissing(error)) return;
    throw blobFailureOf(error, root);
  }
  for await (const entry of entries) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, name);
    else {
      const found = await statFile(join(root, name), root);
      if (found !== undefined) yield { name, ...found };
    }
  }
}

async function sweep(folder: string, olderThan: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!unfinishedName.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < olderThan) await rm(path, { force: true });
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
