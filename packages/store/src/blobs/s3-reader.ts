import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { StoreError } from '../error.js';
import { blobFailureOf } from './blob-failure.js';
import type { BlobRange } from './blob-store.js';
import type { S3Client } from './s3-client.js';

/** A stream that breaks off is gone on with this often. */
const maxBreaks = 3;

export interface S3Object {
  readonly name: string;
  readonly size: number;
  readonly etag: string;
  /** Given: the whole object is held against it on the way, and its last bytes are not handed out before it holds. */
  readonly sha256?: string | undefined;
}

/**
 * The bytes of a range. Where the connection breaks off it is gone on with from there, on the same object (its entity
 * tag is asked for); what cannot be had in full ends with an error, never early.
 */
export function readS3Object(client: S3Client, object: S3Object, range: BlobRange): Readable {
  return Readable.from(checked(client, object, range), { objectMode: false, highWaterMark: 128 * 1024 });
}

async function* checked(client: S3Client, object: S3Object, range: BlobRange): AsyncGenerator<Buffer> {
  const isWhole = range.first === 0 && range.last === object.size - 1;
  if (object.sha256 === undefined || !isWhole) {
    yield* bytesOf(client, object, range);
    return;
  }
  const hash = createHash('sha256');
  let held: Buffer | undefined;
  for await (const chunk of bytesOf(client, object, range)) {
    if (held !== undefined) yield held;
    hash.update(chunk);
    held = chunk;
  }
  if (hash.digest('hex') !== object.sha256) {
    throw new StoreError('BLOB_CORRUPT', 'What the object store answered is not what was stored.', {
      file: `${client.place}${object.name}`,
    });
  }
  if (held !== undefined) yield held;
}

async function* bytesOf(
  client: S3Client,
  object: S3Object,
  { first, last }: BlobRange,
): AsyncGenerator<Buffer> {
  let next = first;
  for (let breaks = 0; next <= last; ) {
    try {
      for await (const chunk of await rangeOf(client, object, next, last)) {
        next += chunk.length;
        if (next > last + 1)
          throw new StoreError('BLOB_CORRUPT', 'The object store answered with too many bytes.');
        yield chunk;
      }
      if (next <= last) throw new Error(`The answer ended ${last + 1 - next} bytes early`);
    } catch (error) {
      breaks += 1;
      if (error instanceof StoreError || breaks > maxBreaks) throw blobFailureOf(error, client.place);
    }
  }
}

async function rangeOf(
  client: S3Client,
  { name, etag }: S3Object,
  first: number,
  last: number,
): Promise<AsyncIterable<Buffer>> {
  const { body } = await client.ask({
    method: 'GET',
    name,
    headers: { range: `bytes=${first}-${last}`, 'if-match': etag },
  });
  return body as AsyncIterable<Buffer>;
}
