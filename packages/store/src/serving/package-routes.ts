import { storePaths } from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { offeredFor, type PluginShelf, releaseFor, type ShelvedPackage } from '../catalog/plugin-shelf.js';
import type { BlobSource } from './blob-source.js';
import type { Download } from './download-counter.js';
import { digestOf, platformOf, pluginIdOf, versionOf } from './route-input.js';
import { immutable, revalidate } from './send.js';
import { sendBlob } from './send-blob.js';
import type { ServedRoute } from './server.js';
import type { Shelves } from './shelves.js';

export interface PackageRoutesOptions {
  readonly shelves: Shelves;
  readonly bytes: BlobSource;
  readonly clock: () => Date;
  /** Told of each download that reached the last byte. */
  readonly onDownloaded: (download: Download) => void;
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
  const { shelves, bytes, clock, onDownloaded } = options;
  const send = (
    request: FastifyRequest,
    reply: FastifyReply,
    { plugin, id, found, platform, cacheControl }: Asked,
  ): Promise<FastifyReply> =>
    sendBlob(request, reply, bytes, {
      sha256: found.sha256,
      size: found.size,
      fileName: `${id}.jpl`,
      cacheControl,
      onWhole: () => onDownloaded({ plugin, release: found.release, platform }),
    });
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
