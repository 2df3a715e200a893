import { buffer } from 'node:stream/consumers';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BlobStore } from '../blobs/blob-store.js';
import { offeredFor } from '../catalog/plugin-shelf.js';
import { StoreError } from '../error.js';
import { imageMediaTypeOf } from '../images/image-kind.js';
import { BoundedCache } from './bounded-cache.js';
import { askedPlatform, askedPlugin } from './jami-routes.js';
import { reprDigestOf } from './prepared-body.js';
import { digestOf } from './route-input.js';
import { immutable, revalidate, selectBytes } from './send.js';
import type { ServedRoute } from './server.js';
import type { Shelves } from './shelves.js';

const cacheLimits = { maxEntries: 2048, maxBytes: 32 * 1024 * 1024, maxMaking: 16 };

/** No image that the store keeps is larger; what is, is none. */
const maxImageBytes = 4 * 1024 * 1024;

/** Scripts, requests and frames of an SVG opened by itself are dead; its own styles are not. */
const svgPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

export interface ImageRoutesOptions {
  readonly shelves: Shelves;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
}

interface Image {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** `/icons/:id` and `/backgrounds/:id` of what is offered now, and `/images/sha256/:digest` (never changes). */
export function imageRoutes({ shelves, blobs, clock }: ImageRoutesOptions): ServedRoute[] {
  const cache = new BoundedCache<Image>(cacheLimits, ({ bytes }) => bytes.length);
  const imageOf = (sha256: string) => cache.get(sha256, () => readImage(blobs, sha256));
  const routeOf = (path: string, kind: 'icon' | 'background'): ServedRoute => ({
    path,
    async handle(request, reply) {
      const shelf = await shelves.plugin(askedPlugin(request));
      const [newest] = offeredFor(shelf, askedPlatform(request), clock().getTime());
      const image = newest[kind];
      if (image === null)
        throw new StoreError('IMAGE_NOT_FOUND', `${shelf.id} has no ${kind} that can be shown.`);
      return sendImage(request, reply, image.sha256, await imageOf(image.sha256), revalidate);
    },
  });
  return [
    routeOf('/icons/:id', 'icon'),
    routeOf('/backgrounds/:id', 'background'),
    {
      path: '/images/sha256/:digest',
      async handle(request, reply) {
        const sha256 = digestOf((request.params as { digest: unknown }).digest);
        return sendImage(request, reply, sha256, await imageOf(sha256), immutable);
      },
    },
  ];
}

function sendImage(
  request: FastifyRequest,
  reply: FastifyReply,
  sha256: string,
  { bytes, mediaType }: Image,
  cacheControl: string,
): FastifyReply {
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

/**
 * An image among the blobs, known by its bytes: packages and installers lie there as well, and are none.
 * @throws {StoreError} IMAGE_NOT_FOUND | BLOB_STORE_UNAVAILABLE
 */
async function readImage(blobs: BlobStore, sha256: string): Promise<Image> {
  const blob = await blobs.open(sha256);
  if (blob !== undefined && blob.size <= maxImageBytes) {
    const bytes = await buffer(blob.read());
    const mediaType = imageMediaTypeOf(bytes);
    if (bytes.length === blob.size && mediaType !== undefined) return { bytes, mediaType };
  } else await blob?.close();
  throw new StoreError('IMAGE_NOT_FOUND', 'This store has no image of that digest.');
}
