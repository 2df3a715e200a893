import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobName, blobOfName } from './blob-name.js';
import type {
  BlobFacts,
  BlobStore,
  OpenBlob,
  PartStore,
  ReceiveBounds,
  ReceivedBlob,
  StoredBlob,
} from './blob-store.js';
import { receiveFile } from './receive-file.js';
import { S3Client } from './s3-client.js';
import { S3Objects } from './s3-objects.js';
import { S3Parts } from './s3-parts.js';
import type { S3Settings } from './s3-settings.js';
import { uploadInParts } from './s3-upload.js';

/** Larger files go up in several requests. */
const maxSinglePutBytes = 64 * 1024 * 1024;

/** One this old is put again when it comes again, so that nobody who clears up takes it for forgotten. */
const renewAfterMs = 30 * 60 * 1000;

export interface S3BlobsOptions {
  readonly clock: () => Date;
  /** Where files come in before they go up. Default: a folder below the system's temporary one. */
  readonly spoolFolder?: string | undefined;
}

/** Blobs in an S3 bucket that any number of processes share. What comes in is held in a local file until it is kept. */
export class S3Blobs implements BlobStore {
  readonly place: string;
  readonly parts: PartStore;
  readonly #client: S3Client;
  readonly #objects: S3Objects;
  readonly #spool: string;
  readonly #clock: () => Date;

  private constructor(client: S3Client, spool: string, clock: () => Date) {
    this.place = client.place;
    this.#client = client;
    this.#objects = new S3Objects(client);
    this.parts = new S3Parts(this.#objects);
    this.#spool = spool;
    this.#clock = clock;
  }

  /** Does not ask the bucket yet: `assertUsable` does. */
  static async open(
    settings: S3Settings,
    { clock, spoolFolder = tmpdir() }: S3BlobsOptions,
  ): Promise<S3Blobs> {
    const spool = await mkdtemp(join(spoolFolder, 'jpl-store-spool-'));
    return new S3Blobs(new S3Client(settings), spool, clock);
  }

  async receive(source: AsyncIterable<Uint8Array>, bounds: ReceiveBounds): Promise<ReceivedBlob> {
    const received = await receiveFile(source, this.#spool, bounds);
    return {
      ...received,
      keep: () => this.#keep(received, bounds.signal),
      [Symbol.asyncDispose]: () => rm(received.path, { force: true }),
    };
  }

  async put(bytes: Uint8Array): Promise<BlobFacts> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const size = bytes.length;
    const standing = await this.#standingOf({ sha256, size });
    if (standing !== 'young') {
      const onlyIfAbsent = standing === 'absent';
      await this.#objects.put(blobName(sha256), { size, sha256, body: () => bytes, onlyIfAbsent });
    }
    return { sha256, size };
  }

  open(sha256: string): Promise<OpenBlob | undefined> {
    return this.#objects.open(blobName(sha256), sha256);
  }

  async stat(sha256: string): Promise<StoredBlob | undefined> {
    const found = await this.#objects.stat(blobName(sha256));
    return found && { sha256, size: found.size, storedAt: found.storedAt };
  }

  delete(sha256: string): Promise<void> {
    return this.#objects.delete(blobName(sha256));
  }

  async *list(): AsyncIterable<StoredBlob> {
    for await (const { name, size, storedAt } of this.#objects.list('sha256/')) {
      const sha256 = blobOfName(name);
      if (sha256 !== undefined) yield { sha256, size, storedAt };
    }
  }

  async assertUsable(): Promise<void> {
    await this.#client.askStatus({ method: 'HEAD', name: '' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await rm(this.#spool, { recursive: true, force: true });
  }

  async #keep(
    { path, sha256, size }: BlobFacts & { readonly path: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const standing = await this.#standingOf({ sha256, size });
    if (standing === 'young') return;
    const name = blobName(sha256);
    if (size > maxSinglePutBytes) {
      await uploadInParts(this.#client, { name, path, size, sha256, signal });
    } else {
      const onlyIfAbsent = standing === 'absent';
      await this.#objects.put(name, {
        size,
        sha256,
        body: () => createReadStream(path),
        onlyIfAbsent,
        signal,
      });
    }
  }

  /** `old`: there, but to be put again; also where its size is not what it should be. */
  async #standingOf({ sha256, size }: BlobFacts): Promise<'absent' | 'young' | 'old'> {
    const found = await this.stat(sha256);
    if (found === undefined) return 'absent';
    const age = this.#clock().getTime() - found.storedAt.getTime();
    return found.size === size && age < renewAfterMs ? 'young' : 'old';
  }
}
