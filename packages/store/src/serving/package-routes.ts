import { storePaths } from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalog, Release } from '../catalog/catalog.js';
import { StoreError } from '../error.js';
import { openPackage } from './open-package.js';
import { reprDigestOf } from './prepared-body.js';
import { digestOf, platformOf, pluginIdOf } from './route-input.js';
import { immutable, revalidate, selectBytes } from './send.js';
import type { ServedRoute } from './server.js';

export interface PackageRoutesOptions {
  readonly catalog: Catalog;
  readonly packagesDir: string;
  readonly clock: () => Date;
  /** Told of a package that is no longer what was published, so that it is judged again soon. */
  readonly onChanged: () => void;
}

/** `/download/:arch/:id` (newest release, asked about each time) and `/blobs/sha256/:digest` (never changes). */
export function packageRoutes(options: PackageRoutesOptions): ServedRoute[] {
  const { catalog, clock } = options;
  return [
    {
      path: '/download/:arch/:id',
      async handle(request, reply) {
        const { arch, id } = request.params as { arch: unknown; id: unknown };
        const platform = platformOf(arch);
        const [newest] = catalog.versions(pluginIdOf(id), platform, clock().getTime());
        reply.header('content-location', storePaths.blob(newest.record.sha256));
        return sendPackage(options, newest, revalidate, request, reply);
      },
    },
    {
      path: '/blobs/sha256/:digest',
      async handle(request, reply) {
        const sha256 = digestOf((request.params as { digest: unknown }).digest);
        const release = catalog.package(sha256);
        if (release === undefined)
          throw new StoreError('BLOB_NOT_FOUND', 'This store has no package of that digest.');
        return sendPackage(options, release, immutable, request, reply);
      },
    },
  ];
}

async function sendPackage(
  options: PackageRoutesOptions,
  { record }: Release,
  cacheControl: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await using opened = await openPackage(options.packagesDir, record).catch((error: unknown) => {
    options.onChanged();
    throw error;
  });
  const selection = selectBytes(request, reply, {
    size: record.size,
    etag: `"${record.sha256}"`,
    reprDigest: reprDigestOf(Buffer.from(record.sha256, 'hex')),
    contentType: 'application/octet-stream',
    cacheControl,
    headers: { 'content-disposition': `attachment; filename="${record.id}.jpl"` },
  });
  if (selection.send === 'nothing') return reply.send();
  const { first, last } = selection.range;
  const stream = opened.stream(selection.range);
  // A file that shrinks under the download must not look whole, nor leave the client waiting for the rest.
  stream.once('end', () => {
    if (stream.bytesRead !== last - first + 1) reply.raw.destroy();
  });
  return reply.send(stream);
}
