import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { storePaths } from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Catalog, Release } from '../catalog/catalog.js';
import { StoreError } from '../error.js';
import { type OpenPackage, PackageSource } from './package-source.js';
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
  const source = new PackageSource(options.packagesDir);
  const open = (release: Release): Promise<OpenPackage> =>
    source.open(release.record).catch((error: unknown) => {
      options.onChanged();
      throw error;
    });
  return [
    {
      path: '/download/:arch/:id',
      async handle(request, reply) {
        const { arch, id } = request.params as { arch: unknown; id: unknown };
        const platform = platformOf(arch);
        const [newest] = catalog.versions(pluginIdOf(id), platform, clock().getTime());
        reply.header('content-location', storePaths.blob(newest.record.sha256));
        return sendPackage(request, reply, newest, revalidate, open);
      },
    },
    {
      path: '/blobs/sha256/:digest',
      async handle(request, reply) {
        const sha256 = digestOf((request.params as { digest: unknown }).digest);
        const release = catalog.package(sha256);
        if (release === undefined)
          throw new StoreError('BLOB_NOT_FOUND', 'This store has no package of that digest.');
        return sendPackage(request, reply, release, immutable, open);
      },
    },
  ];
}

async function sendPackage(
  request: FastifyRequest,
  reply: FastifyReply,
  published: Release,
  cacheControl: string,
  open: (release: Release) => Promise<OpenPackage>,
): Promise<FastifyReply> {
  const { record } = published;
  await turnOf(reply.raw);
  const opened = await open(published);
  const release = (): void => {
    opened.release().catch((error: unknown) => request.log.error({ err: error }, 'a package was not closed'));
  };
  // The reader may have hung up while the package was opened.
  if (reply.raw.destroyed) release();
  else reply.raw.once('close', release);
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
  const bytes = opened.take(selection.range);
  if (!Buffer.isBuffer(bytes)) {
    // A file that shrinks under the download must not look whole, nor leave the client waiting for the rest.
    bytes.once('end', () => {
      if (bytes.bytesRead !== last - first + 1) reply.raw.destroy();
    });
  }
  return reply.send(bytes);
}

/**
 * Resolves when an answer is the one its connection is sending. A request pipelined behind another must hold nothing
 * until then: where the connection ends first, Node tells its answer neither `close` nor `error`.
 */
async function turnOf(response: ServerResponse): Promise<void> {
  if (response.socket === null) await once(response, 'socket');
}
