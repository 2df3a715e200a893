import { createHash } from 'node:crypto';
import { partName, partOfName, uploadFolder } from './blob-name.js';
import type { OpenBlob, PartStore, StoredPart } from './blob-store.js';
import type { S3Objects } from './s3-objects.js';

/** Pieces of uploads as objects of their own. */
export class S3Parts implements PartStore {
  readonly #objects: S3Objects;

  constructor(objects: S3Objects) {
    this.#objects = objects;
  }

  put(upload: string, number: number, bytes: Uint8Array): Promise<void> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return this.#objects.put(partName(upload, number), { size: bytes.length, sha256, body: () => bytes });
  }

  open(upload: string, number: number): Promise<OpenBlob | undefined> {
    return this.#objects.open(partName(upload, number));
  }

  async *list(upload?: string): AsyncIterable<StoredPart> {
    const beginning = upload === undefined ? 'uploads/' : `${uploadFolder(upload)}/`;
    for await (const { name, size, storedAt } of this.#objects.list(beginning)) {
      const part = partOfName(name);
      if (part !== undefined) yield { ...part, size, storedAt };
    }
  }

  async delete(upload: string): Promise<void> {
    for await (const part of this.list(upload)) await this.#objects.delete(partName(upload, part.number));
  }
}
