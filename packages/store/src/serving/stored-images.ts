import { buffer } from 'node:stream/consumers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BlobStore } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import { type ImageMediaType, imageMediaTypeOf } from '../images/image-kind.js';
import { BoundedCache } from './bounded-cache.js';
import { reprDigestOf } from './prepared-body.js';
import { selectBytes } from './send.js';

/** Larger than any image the store makes or takes. */
const maxImageBytes = 8 * 1024 * 1024;
const cacheLimits = { maxEntries: 2_048, maxBytes: 32 * 1024 * 1024, maxMaking: 16 };

/** Scripts, requests and frames of an SVG opened by itself are dead; its own styles are not. */
const svgPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

interface Image {
  readonly bytes: Buffer;
  readonly mediaType: ImageMediaType;
}

/** The images among the blobs. Packages and installers lie there as well: an image is told by its bytes. */
export class StoredImages {
  readonly #blobs: BlobStore;
  readonly #cache = new BoundedCache<Image>(cacheLimits, ({ bytes }) => bytes.length);

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** @throws {StoreError} IMAGE_NOT_FOUND | BLOB_STORE_UNAVAILABLE | PRECONDITION_FAILED | RANGE_NOT_SATISFIABLE */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    { sha256, cacheControl }: { readonly sha256: string; readonly cacheControl: string },
  ): Promise<FastifyReply> {
    const { bytes, mediaType } = await this.#cache.get(sha256, () => readImage(this.#blobs, sha256));
    const selection = selectBytes(request, reply, {
      size: bytes.length,
      etag: `"${sha256}"`,
      reprDigest: reprDigestOf(Buffer.from(sha256, 'hex')),
      contentType: mediaType,
      cacheControl,
      headers: mediaType === 'image/svg+xml' ? { 'content-security-policy': svgPolicy } : undefined,
    });
    if (selection.send === 'nothing') return reply.send();
    return reply.send(bytes.subarray(selection.range.first, selection.range.last + 1));
  }
}

/** @throws {StoreError} IMAGE_NOT_FOUND | BLOB_STORE_UNAVAILABLE */
async function readImage(blobs: BlobStore, sha256: string): Promise<Image> {
  const notFound = new StoreError('IMAGE_NOT_FOUND', 'This store has no image of that digest.');
  const blob = await blobs.open(sha256);
  if (blob === undefined) throw notFound;
  if (blob.size === 0 || blob.size > maxImageBytes) {
    await blob.close();
    throw notFound;
  }
  const bytes = await buffer(blob.read());
  const mediaType = imageMediaTypeOf(bytes);
  if (mediaType === undefined) throw notFound;
  return { bytes, mediaType };
}
