import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalog } from '../catalog/catalog.js';
import type { ImageRecord } from '../catalog/release-record.js';
import { StoreError } from '../error.js';
import { BoundedCache } from './bounded-cache.js';
import { askedPlatform, askedPlugin } from './jami-routes.js';
import { reprDigestOf } from './prepared-body.js';
import { revalidate, selectBytes } from './send.js';
import type { ServedRoute } from './server.js';

const cacheLimits = { maxEntries: 2048, maxBytes: 32 * 1024 * 1024, maxMaking: 16 };

/** Scripts, requests and frames of an SVG opened by itself are dead; its own styles are not. */
const svgPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

export interface ImageRoutesOptions {
  readonly catalog: Catalog;
  readonly imagesDir: string;
  readonly clock: () => Date;
}

/** `/icons/:id` and `/backgrounds/:id`: images taken out of the package when it was judged. */
export function imageRoutes({ catalog, imagesDir, clock }: ImageRoutesOptions): ServedRoute[] {
  const cache = new BoundedCache<Buffer>(cacheLimits, (bytes) => bytes.length);
  const routeOf = (path: string, kind: 'icon' | 'background'): ServedRoute => ({
    path,
    async handle(request, reply) {
      const id = askedPlugin(request);
      const [newest] = catalog.versions(id, askedPlatform(request), clock().getTime());
      const image = newest.record[kind];
      if (image === null) throw new StoreError('IMAGE_NOT_FOUND', `${id} has no ${kind} that can be shown.`);
      const bytes = await cache.get(image.sha256, () => readImage(imagesDir, image));
      return sendImage(request, reply, image, bytes);
    },
  });
  return [routeOf('/icons/:id', 'icon'), routeOf('/backgrounds/:id', 'background')];
}

function sendImage(
  request: FastifyRequest,
  reply: FastifyReply,
  image: ImageRecord,
  bytes: Buffer,
): FastifyReply {
  const selection = selectBytes(request, reply, {
    size: bytes.length,
    etag: `"${image.sha256}"`,
    reprDigest: reprDigestOf(Buffer.from(image.sha256, 'hex')),
    contentType: image.mediaType,
    cacheControl: revalidate,
    headers: image.mediaType === 'image/svg+xml' ? { 'content-security-policy': svgPolicy } : undefined,
  });
  if (selection.send === 'nothing') return reply.send();
  return reply.send(bytes.subarray(selection.range.first, selection.range.last + 1));
}

/** @throws {StoreError} IMAGE_UNREADABLE */
async function readImage(folder: string, { sha256, size }: ImageRecord): Promise<Buffer> {
  const path = join(folder, sha256);
  try {
    const found = await stat(path);
    if (found.isFile() && found.size === size) {
      const bytes = await readFile(path);
      if (bytes.length === size) return bytes;
    }
  } catch (cause) {
    throw new StoreError('IMAGE_UNREADABLE', 'The image cannot be read from the store’s disk.', {
      file: path,
      cause,
    });
  }
  throw new StoreError('IMAGE_UNREADABLE', 'The image on the store’s disk is not the one published.', {
    file: path,
  });
}
