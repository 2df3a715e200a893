import { type PluginShelf, pluginNotFound, readServable, readShelf } from '../catalog/plugin-shelf.js';
import type { Change } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { BoundedCache } from './bounded-cache.js';

type Servable = NonNullable<Awaited<ReturnType<typeof readServable>>>;

const limits = { maxEntries: 20_000, maxBytes: 32 * 1024 * 1024, maxMaking: 8 };

/** A rough measure of what one takes in memory. */
const shelfBytes = 300;
const packageBytes = 800;

/** What is served of single plugins, read from the database when it is asked for and held until it changes. */
export class Shelves {
  readonly #database: StoreDatabase;
  readonly #shelves = new BoundedCache<PluginShelf>(
    limits,
    ({ packages }) => shelfBytes + packages.length * packageBytes,
    ({ number }) => String(number),
  );
  readonly #packages = new BoundedCache<Servable>(
    limits,
    () => packageBytes,
    ({ plugin }) => String(plugin),
  );

  constructor(database: StoreDatabase) {
    this.#database = database;
  }

  /** @throws {StoreError} PLUGIN_NOT_FOUND */
  plugin(id: string): Promise<PluginShelf> {
    return this.#shelves.get(id, async () => {
      const shelf = await readShelf(this.#database.queries, id);
      if (shelf === undefined) throw pluginNotFound(id);
      return shelf;
    });
  }

  /** A package by its digest, yanked or expired or not. @throws {StoreError} BLOB_NOT_FOUND */
  package(sha256: string): Promise<Servable> {
    return this.#packages.get(sha256, async () => {
      const servable = await readServable(this.#database.queries, sha256);
      if (servable === undefined)
        throw new StoreError('BLOB_NOT_FOUND', 'This store has no package of that digest.');
      return servable;
    });
  }

  /** Drops what has changed. */
  forget(changes: readonly Change[] | 'everything'): void {
    if (changes === 'everything' || changes.some(({ subject }) => subject === 'everything')) {
      this.#shelves.clear();
      this.#packages.clear();
      return;
    }
    for (const { plugin } of changes) {
      if (plugin === null) continue;
      this.#shelves.dropGroup(String(plugin));
      this.#packages.dropGroup(String(plugin));
    }
  }
}
