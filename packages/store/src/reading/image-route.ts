import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import { type ImageMediaType, imageMediaTypeOf } from '../images/image-kind.js';
import { BoundedCache } from '../serving/bounded-cache.js';
import { reprDigestOf } from '../serving/prepared-body.js';
import { digestOf } from '../serving/route-input.js';
import { immutable, selectBytes } from '../serving/send.js';
import { type ReadingRoute, sha256Parameter } from './reading-route.js';

/** Larger than any image the store makes or takes. */
const maxImageBytes = 8 * 1024 * 1024;
const cacheLimits = { maxEntries: 2_048, maxBytes: 32 * 1024 * 1024, maxMaking: 16 };

/** Scripts, requests and frames of an SVG opened by itself are dead; its own styles are not. */
const svgPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

interface Image {
  readonly bytes: Buffer;
  readonly mediaType: ImageMediaType;
}

/** `/images/sha256/:digest`: icons and backgrounds by what is in them. Of all blobs only images, told by their bytes. */
export function imageRoute(blobs: BlobStore): ReadingRoute {
  const cache = new BoundedCache<Image>(cacheLimits, ({ bytes }) => bytes.length);
  return {
    path: '/images/sha256/:digest',
    operation: {
      summary: 'An icon or background by its digest: never changes',
      tag: 'catalog',
      params: { digest: sha256Parameter },
      answer: { mediaType: 'image/*' },
      refusals: ['DIGEST_MALFORMED', 'IMAGE_NOT_FOUND', 'BLOB_STORE_UNAVAILABLE'],
    },
    async handle(request, reply) {
      const sha256 = digestOf((request.params as { digest: unknown }).digest);
      const { bytes, mediaType } = await cache.get(sha256, () => readImage(blobs, sha256));
      const selection = selectBytes(request, reply, {
        size: bytes.length,
        etag: `"${sha256}"`,
        reprDigest: reprDigestOf(Buffer.from(sha256, 'hex')),
        contentType: mediaType,
        cacheControl: immutable,
        headers: mediaType === 'image/svg+xml' ? { 'content-security-policy': svgPolicy } : undefined,
      });
      if (selection.send === 'nothing') return reply.send();
      return reply.send(bytes.subarray(selection.range.first, selection.range.last + 1));
    },
  };
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
