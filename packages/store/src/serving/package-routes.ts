import { once } from 'node:events';
import { ReadStream } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { storePaths } from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BlobStore } from '../blobs/blob-store.js';
import { offeredFor, type PluginShelf, releaseFor, type ShelvedPackage } from '../catalog/plugin-shelf.js';
import { BlobSource } from './blob-source.js';
import { reprDigestOf } from './prepared-body.js';
import { digestOf, platformOf, pluginIdOf, versionOf } from './route-input.js';
import { immutable, revalidate, selectBytes } from './send.js';
import type { ServedRoute } from './server.js';
import type { Shelves } from './shelves.js';

export interface PackageRoutesOptions {
  readonly shelves: Shelves;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  /** Told of each download that reached the last byte. */
  readonly onDownloaded: (download: Download) => void;
}

/** One package that somebody now has. */
export interface Download {
  readonly plugin: number;
  readonly release: number;
  /** As asked for; by digest, the package's own, `*` where it has several. */
  readonly platform: string;
}

interface Asked {
  readonly plugin: number;
  readonly id: string;
  readonly found: ShelvedPackage;
  readonly platform: string;
  readonly cacheControl: string;
}

/**
 * `/download/:arch/:id` (newest release, asked about each time; `?version=` for exactly one, yanked or not) and `/blobs/sha256/:digest` (never
 * changes).
 */
export function packageRoutes(options: PackageRoutesOptions): ServedRoute[] {
  const { shelves, clock, onDownloaded } = options;
  const source = new BlobSource(options.blobs);
  const send = (request: FastifyRequest, reply: FastifyReply, asked: Asked): Promise<FastifyReply> =>
    sendPackage(request, reply, asked, source, onDownloaded);
  return [
    {
      path: '/download/:arch/:id',
      async handle(request, reply) {
        const { arch, id } = request.params as { arch: unknown; id: unknown };
        const platform = platformOf(arch);
        const version = versionOf((request.query as { version?: unknown }).version);
        const shelf = await shelves.plugin(pluginIdOf(id));
        const found = packageOf(shelf, platform, version, clock().getTime());
        reply.header('content-location', storePaths.blob(found.sha256));
        const { number: plugin } = shelf;
        return send(request, reply, { plugin, id: shelf.id, found, platform, cacheControl: revalidate });
      },
    },
    {
      path: '/blobs/sha256/:digest',
      async handle(request, reply) {
        const sha256 = digestOf((request.params as { digest: unknown }).digest);
        const servable = await shelves.package(sha256);
        const [platform = '*', ...others] = servable.found.platforms;
        return send(request, reply, {
          ...servable,
          platform: others.length === 0 ? platform : '*',
          cacheControl: immutable,
        });
      },
    },
  ];
}

/** @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED | RELEASE_NOT_FOUND */
function packageOf(
  shelf: PluginShelf,
  platform: string,
  version: string | undefined,
  at: number,
): ShelvedPackage {
  return version === undefined ? offeredFor(shelf, platform, at)[0] : releaseFor(shelf, platform, version);
}

async function sendPackage(
  request: FastifyRequest,
  reply: FastifyReply,
  { plugin, id, found, platform, cacheControl }: Asked,
  source: BlobSource,
  onDownloaded: PackageRoutesOptions['onDownloaded'],
): Promise<FastifyReply> {
  await turnOf(reply.raw);
  const opened = await source.open(found);
  const release = (): void => {
    opened.release().catch((error: unknown) => request.log.error({ err: error }, 'a package was not closed'));
  };
  // The reader may have hung up while the package was opened.
  if (reply.raw.destroyed) release();
  else reply.raw.once('close', release);
  const selection = selectBytes(request, reply, {
    size: found.size,
    etag: `"${found.sha256}"`,
    reprDigest: reprDigestOf(Buffer.from(found.sha256, 'hex')),
    contentType: 'application/octet-stream',
    cacheControl,
    headers: { 'content-disposition': `attachment; filename="${id}.jpl"` },
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
  // However many parts it came in, it is one download: that of its last byte.
  if (last === found.size - 1)
    reply.raw.once('finish', () => onDownloaded({ plugin, release: found.release, platform }));
  return reply.send(bytes);
}

/**
 * Resolves when an answer is the one its connection is sending. A request pipelined behind another must hold nothing
 * until then: where the connection ends first, Node tells its answer neither `close` nor `error`.
 */
async function turnOf(response: ServerResponse): Promise<void> {
  if (response.socket === null) await once(response, 'socket');
}
