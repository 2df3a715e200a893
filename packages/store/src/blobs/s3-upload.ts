import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { StoreError } from '../error.js';
import type { BlobFacts } from './blob-store.js';
import type { S3Client } from './s3-client.js';

/** In memory at a time, for each upload. S3 takes parts of at least 5 MiB, 10,000 of them at most. */
const minPartBytes = 8 * 1024 * 1024;
const maxParts = 10_000;

export interface S3Upload extends BlobFacts {
  readonly name: string;
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a large file up in parts, each held against its own digest by the server, all of them together against the
 * whole one here, before they become an object. What fails is taken back.
 */
export async function uploadInParts(client: S3Client, upload: S3Upload): Promise<void> {
  const { name, signal } = upload;
  const { all } = await client.askTexts({ method: 'POST', name, query: { uploads: '' }, signal });
  const uploadId = all.get('UploadId');
  if (uploadId === undefined) {
    throw new StoreError('BLOB_STORE_UNAVAILABLE', 'The object store began no upload.', {
      file: client.place,
    });
  }
  try {
    const etags = await sendParts(client, upload, uploadId);
    await complete(client, name, uploadId, etags);
  } catch (error) {
    // What cannot be taken back either is the bucket's to clear up; the failure that counts is the first.
    await client.askStatus({ method: 'DELETE', name, query: { uploadId }, accepts: [404] }).catch(() => {});
    throw error;
  }
}

async function sendParts(
  client: S3Client,
  { name, path, size, sha256, signal }: S3Upload,
  uploadId: string,
): Promise<string[]> {
  const partBytes = Math.max(minPartBytes, Math.ceil(size / maxParts));
  const whole = createHash('sha256');
  const etags: string[] = [];
  await using file = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(Math.min(partBytes, size));
  for (let position = 0; position < size; position += partBytes) {
    const part = buffer.subarray(0, Math.min(partBytes, size - position));
    await readWhole(file, part, position);
    whole.update(part);
    const { headers } = await client.askStatus({
      method: 'PUT',
      name,
      query: { partNumber: String(etags.length + 1), uploadId },
      body: () => part,
      bodyBytes: part.length,
      bodySha256: createHash('sha256').update(part).digest('hex'),
      signal,
    });
    etags.push(String(headers.etag));
  }
  if (whole.digest('hex') !== sha256) {
    throw new StoreError('BLOB_CORRUPT', 'The file changed while it was stored.', { file: path });
  }
  return etags;
}

async function complete(
  client: S3Client,
  name: string,
  uploadId: string,
  etags: readonly string[],
): Promise<void> {
  const parts = etags.map(
    (etag, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</ETag></Part>`,
  );
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
  );
  const { all } = await client.askTexts({
    method: 'POST',
    name,
    query: { uploadId },
    body: () => body,
    bodyBytes: body.length,
    bodySha256: createHash('sha256').update(body).digest('hex'),
  });
  // S3 may answer 200 and only then fail; the body says which.
  if (all.get('ETag') === undefined) {
    throw new StoreError('BLOB_STORE_UNAVAILABLE', 'The object store did not take the parts together.', {
      file: client.place,
    });
  }
}

async function readWhole(file: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let read = 0; read < into.length; ) {
    const { bytesRead } = await file.read(into, read, into.length - read, position + read);
    if (bytesRead === 0) throw new StoreError('BLOB_CORRUPT', 'The file shrank while it was stored.');
    read += bytesRead;
  }
}
