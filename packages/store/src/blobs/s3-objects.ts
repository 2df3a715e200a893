import type { Readable } from 'node:stream';
import { StoreError } from '../error.js';
import type { OpenBlob } from './blob-store.js';
import type { S3Answer, S3Client } from './s3-client.js';
import { readS3Object } from './s3-reader.js';

export interface S3ObjectFacts {
  readonly size: number;
  readonly etag: string;
  readonly storedAt: Date;
}

export interface S3Body {
  readonly size: number;
  readonly sha256: string;
  readonly body: () => Uint8Array | Readable;
  /** Where one of that name is there already, nothing is written: RFC 9110 13.1.2, `If-None-Match: *`. */
  readonly onlyIfAbsent?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Objects of a bucket by their names below the prefix. */
export class S3Objects {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** The server refuses bytes that do not have this digest: it is part of what is signed. */
  async put(name: string, { size, sha256, body, onlyIfAbsent = false, signal }: S3Body): Promise<void> {
    await this.#client.askStatus({
      method: 'PUT',
      name,
      body,
      bodyBytes: size,
      bodySha256: sha256,
      ...(onlyIfAbsent ? { headers: { 'if-none-match': '*' }, accepts: [412] } : {}),
      signal,
    });
  }

  async stat(name: string): Promise<S3ObjectFacts | undefined> {
    const answer = await this.#client.askStatus({ method: 'HEAD', name, accepts: [404] });
    return answer.statusCode === 404 ? undefined : factsOf(answer, this.#client.place);
  }

  /** @param sha256  given where its bytes are known by it: they are held against it as they are read */
  async open(name: string, sha256?: string): Promise<OpenBlob | undefined> {
    const found = await this.stat(name);
    if (found === undefined) return undefined;
    const { size, etag } = found;
    return {
      size,
      read: (range = { first: 0, last: size - 1 }) =>
        readS3Object(this.#client, { name, size, etag, sha256 }, range),
      close: async () => {},
    };
  }

  async delete(name: string): Promise<void> {
    await this.#client.askStatus({ method: 'DELETE', name, accepts: [404] });
  }

  /** Objects whose names begin so, in the order of their names. */
  async *list(beginning: string): AsyncIterable<{ name: string; size: number; storedAt: Date }> {
    const { prefix } = this.#client;
    for (let token: string | undefined; ; ) {
      const query = {
        'list-type': '2',
        prefix: `${prefix}${beginning}`,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      };
      const { all, each } = await this.#client.askTexts({ method: 'GET', name: '', query }, 'Contents');
      for (const object of each) {
        const key = object.get('Key') ?? '';
        if (!key.startsWith(prefix)) continue;
        yield {
          name: key.slice(prefix.length),
          size: Number(object.get('Size')),
          storedAt: new Date(object.get('LastModified') ?? ''),
        };
      }
      token = all.get('NextContinuationToken');
      if (all.get('IsTruncated') !== 'true' || token === undefined) return;
    }
  }
}

function factsOf({ headers }: S3Answer, place: string): S3ObjectFacts {
  const size = Number(headers['content-length']);
  const etag = headers.etag;
  const storedAt = new Date(String(headers['last-modified']));
  if (!Number.isSafeInteger(size) || typeof etag !== 'string' || Number.isNaN(storedAt.getTime())) {
    throw new StoreError('BLOB_STORE_UNAVAILABLE', 'The object store answers in no way that is known.', {
      file: place,
    });
  }
  return { size, etag, storedAt };
}
