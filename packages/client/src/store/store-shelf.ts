import { stat } from 'node:fs/promises';
import type { InstalledPlugin } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import { listStores, storesFileOf } from './configured-stores.js';
import { OpenStore, type OpenStoreMeans } from './open-store.js';

/** The configured stores at work, in the order they were added. */
export class StoreShelf implements Disposable {
  readonly #dataDir: string;
  readonly #means: OpenStoreMeans;
  #stores = new Map<string, OpenStore>();
  #mark = '';

  constructor(dataDir: string, means: OpenStoreMeans) {
    this.#dataDir = dataDir;
    this.#means = means;
  }

  all(): OpenStore[] {
    return [...this.#stores.values()];
  }

  find(name: string): OpenStore | undefined {
    return this.#stores.get(name);
  }

  /** @throws {ClientError} STORE_NOT_CONFIGURED */
  get(name: string): OpenStore {
    const store = this.#stores.get(name);
    if (store !== undefined) return store;
    throw new ClientError('STORE_NOT_CONFIGURED', `No store named "${name}" is configured`);
  }

  /** The store an installed plugin came from and takes updates from, where it is configured. */
  homeOf({ store }: Pick<InstalledPlugin, 'store'>): OpenStore | undefined {
    return store === undefined ? undefined : this.all().find(({ url }) => url === store);
  }

  /**
   * Takes up stores that were added and lets go of those that were removed, where the list has changed.
   * @returns whether it has @throws {ClientError} STORES_FILE_NOT_READABLE | STORES_FILE_INVALID
   */
  async reload(): Promise<boolean> {
    const mark = await markOf(storesFileOf(this.#dataDir));
    if (mark === this.#mark) return false;
    const configs = await listStores(this.#dataDir);
    this.#mark = mark;
    const before = this.#stores;
    this.#stores = new Map(
      configs.map((config) => {
        const old = before.get(config.name);
        const isSame = old !== undefined && JSON.stringify(old.config) === JSON.stringify(config);
        return [config.name, isSame ? old : new OpenStore(config, this.#means)];
      }),
    );
    const [known, kept] = [new Set(before.values()), new Set(this.#stores.values())];
    for (const store of known) if (!kept.has(store)) store[Symbol.dispose]();
    for (const store of kept) if (!known.has(store)) store.plugins.follow();
    return true;
  }

  stop(): void {
    for (const store of this.#stores.values()) store.stop();
  }

  [Symbol.dispose](): void {
    for (const store of this.#stores.values()) store[Symbol.dispose]();
  }
}

/** Differs whenever the file was replaced. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none';
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClientError('STORES_FILE_NOT_READABLE', `${path}: ${reason}`, { at: path, cause: error });
  }
}
