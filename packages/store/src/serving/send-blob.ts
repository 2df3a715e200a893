import { once } from 'node:events';
import { ReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BlobFacts } from '../blobs/blob-store.js';
import type { BlobSource } from './blob-source.js';
import { reprDigestOf } from './prepared-body.js';
import { selectBytes } from './send.js';

export interface SentBlob extends BlobFacts {
  /** Under which a browser saves it. */
  readonly fileName: string;
  readonly cacheControl: string;
  /** Called when the last byte is on its way, however many parts it took. */
  readonly onWhole?: (() => void) | undefined;
}

/**
 * Answers with the bytes of a blob, or the part of them that was asked for.
 * @throws {StoreError} BLOB_CORRUPT | BLOB_STORE_UNAVAILABLE | PRECONDITION_FAILED | RANGE_NOT_SATISFIABLE
 */
export async function sendBlob(
  request: FastifyRequest,
  reply: FastifyReply,
  source: BlobSource,
  { sha256, size, fileName, cacheControl, onWhole }: SentBlob,
): Promise<FastifyReply> {
  await turnOf(reply.raw);
  const opened = await source.open({ sha256, size });
  const release = (): void => {
    opened.release().catch((error: unknown) => request.log.error({ err: error }, 'a blob was not closed'));
  };
  // The reader may have hung up while the blob was opened.
  if (reply.raw.destroyed) release();
  else reply.raw.once('close', release);
  const selection = selectBytes(request, reply, {
    size,
    etag: `"${sha256}"`,
    reprDigest: reprDigestOf(Buffer.from(sha256, 'hex')),
    contentType: 'application/octet-stream',
    cacheControl,
    headers: { 'content-disposition': `attachment; filename="${fileName}"` },
  });
  if (selection.send === 'nothing') return reply.send();
  const { first, last } = selection.range;
  const bytes = opened.take(selection.range);
  if (bytes instanceof ReadStream) {
    // A file that shrinks under the download must not look whole, nor leave the client waiting for the rest.
    bytes.once('end', () => {
      if (bytes.bytesRead !== last - first + 1) reply.raw.destroy();
    });
  }
  if (last === size - 1 && onWhole !== undefined) reply.raw.once('finish', onWhole);
  return reply.send(bytes);
}

/**
 * Resolves when an answer is the one its connection is sending. A request pipelined behind another must hold nothing
 * until then: where the connection ends first, Node tells its answer neither `close` nor `error`.
 */
async function turnOf(response: ServerResponse): Promise<void> {
  if (response.socket === null) await once(response, 'socket');
}
