import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../client.js';
import { ClientError } from '../error.js';
import type { PluginPlace } from '../page/plugin-view.js';
import { imageTypeOf } from './image-kind.js';
import { readInstalledImage } from './installed-image.js';

interface Image {
  bytes: Buffer;
  type: string;
  etag: string;
}

const maxImageBytes = 4 * 1024 * 1024;
const cacheLimits = { entries: 1_024, bytes: 48 * 1024 * 1024 };

/** Of a picture opened by itself: no script, no request, no frame. */
const imagePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Pictures of plugins, out of the store or the installed folder, as bytes of known types. */
export class PluginImages {
  readonly #client: Client;
  readonly #cache = new Map<string, Image>();
  #cachedBytes = 0;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws {ClientError} IMAGE_NOT_FOUND | IMAGE_REFUSED | a network code */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    place: PluginPlace,
    which: 'icon' | 'background',
  ): Promise<FastifyReply> {
    const image = await this.#find(place, which);
    reply
      .header('content-security-policy', imagePolicy)
      .header('cache-control', 'private, no-cache')
      .header('etag', image.etag);
    if (request.headers['if-none-match'] === image.etag) return reply.code(304).send();
    return reply.header('content-type', image.type).send(image.bytes);
  }

  async #find({ store, id }: PluginPlace, which: 'icon' | 'background'): Promise<Image> {
    const row = (store?.plugins ?? this.#client.local).registry.row(id);
    const isHome = row !== undefined && this.#client.stores.homeOf(row) === store;
    if (isHome && row.state !== 'damaged') {
      const read = () => this.#readInstalled(id, row.path, which);
      try {
        return await this.#cached(`${row.path} ${row.sha256 ?? ''} ${which}`, read);
      } catch (error) {
        // A plugin whose own picture cannot be shown may have one in the store.
        if (store === undefined || !(error instanceof ClientError)) throw error;
      }
    }
    const item = store?.catalogue.item(id);
    const url =
      (which === 'icon' ? item?.icon : item?.background) ?? this.#plainAddress({ store, id }, which);
    const fetched = () =>
      this.#client.network.getBytes(url, { maxBytes: maxImageBytes, signal: this.#client.signal });
    return this.#cached(`${url.href} ${item?.version ?? ''}`, fetched);
  }

  /** Of a plugin that was not listed yet, on a store that has an address for each picture. */
  #plainAddress({ store, id }: PluginPlace, which: 'icon' | 'background'): URL {
    if (store === undefined) throw new ClientError('IMAGE_NOT_FOUND', 'There is no such picture');
    return which === 'icon' ? store.api.iconUrl(id) : store.api.backgroundUrl(id);
  }

  async #readInstalled(id: string, plugin: string, which: 'icon' | 'background'): Promise<Buffer> {
    const { iconPath, backgroundPath } = await this.#client.mirror.daemon.details(id, {
      signal: this.#client.signal,
    });
    const path = which === 'icon' ? iconPath : backgroundPath;
    return readInstalledImage({ dataDir: this.#client.options.dataDir, plugin, path }, maxImageBytes);
  }

  async #cached(key: string, read: () => Promise<Buffer>): Promise<Image> {
    const known = this.#cache.get(key);
    if (known !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, known);
      return known;
    }
    const bytes = await read();
    const type = imageTypeOf(bytes);
    if (type === undefined)
      throw new ClientError('IMAGE_REFUSED', 'This is no picture of a kind that is shown');
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
    const image = { bytes, type, etag };
    this.#keep(key, image);
    return image;
  }

  #keep(key: string, image: Image): void {
    // Two that read at once kept it twice.
    this.#cachedBytes += image.bytes.length - (this.#cache.get(key)?.bytes.length ?? 0);
    this.#cache.set(key, image);
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cache.size <= cacheLimits.entries && this.#cachedBytes <= cacheLimits.bytes) return;
      this.#cache.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
  }
}
