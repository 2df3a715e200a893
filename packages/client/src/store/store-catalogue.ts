import type { CatalogSort, PluginFailure, StoreInfo } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import type { Timer } from '../network/timer.js';
import { pluginFailure } from '../plugin/plugin-failure.js';
import { catalogOf } from './catalog.js';
import { type CatalogItem, itemOfDocumented, itemOfPlain } from './catalog-item.js';
import { searchPlain } from './plain-catalog.js';
import { isUnknownQuestion, type StoreApi, type StoreRequest } from './store-api.js';

/** How a store stands: what a page shows above its list, or instead of it. */
export interface StoreStanding {
  status: 'unknown' | 'asking' | 'offered' | 'none-for-platform' | 'unavailable';
  info?: StoreInfo | undefined;
  /** True: the documented API; false: a plain Jami store; undefined: not asked yet. */
  isDocumented?: boolean | undefined;
  plugins?: number | undefined;
  categories: string[];
  askedAt?: Date | undefined;
  failure?: PluginFailure | undefined;
  nextTryAt?: Date | undefined;
}

export interface CatalogueQuery {
  q?: string | undefined;
  category?: string | undefined;
  sort?: CatalogSort | undefined;
  cursor?: string | undefined;
}

export interface CatalogueMeans {
  store: StoreApi;
  network: Network;
  clock: () => Date;
  timer: Timer;
  /** In [0, 1): many clients of a store that is back do not come at once. */
  random: () => number;
  request: () => StoreRequest;
  /** The standing changed. */
  onChange(): void;
  /** A defect, met while the store was asked in the background. */
  onTrouble(error: unknown): void;
  /** These are offered now; `isWhole`: and no others. */
  onItems(items: readonly CatalogItem[], isWhole: boolean): void;
}

const pageSize = 48;
const listFreshMs = 60_000;
const maxItems = 20_000;
/** Bounds of the waits before an unavailable store is asked again by itself; the last one repeats. */
const retryWaitsMs = [4_000, 8_000, 15_000, 30_000, 60_000, 300_000] as const;

/** What one store offers, page by page, and how the store stands. Asks again by itself while it is unavailable. */
export class StoreCatalogue implements Disposable {
  readonly #means: CatalogueMeans;
  #standing: StoreStanding = { status: 'unknown', categories: [] };
  /** The whole list, of a store that has no pages. */
  #list: { items: CatalogItem[]; at: Date; language: string | undefined } | undefined;
  /** False: a documented store that is older than the search of the documented API. */
  #hasSearch = true;
  readonly #items = new Map<string, CatalogItem>();
  #itemsLanguage: string | undefined;
  #asking: Promise<void> | undefined;
  #failures = 0;
  #callOff: (() => void) | undefined;
  #isClosed = false;

  constructor(means: CatalogueMeans) {
    this.#means = means;
  }

  get standing(): StoreStanding {
    return this.#standing;
  }

  /** What was last read of a plugin. */
  item(id: string): CatalogItem | undefined {
    return this.#items.get(id);
  }

  /** Asks the store how it stands; what goes wrong is in the standing. One question at a time. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** @throws {ClientError} a network code, after the standing has changed; REQUEST_INVALID for a foreign cursor */
  async search(query: CatalogueQuery): Promise<{ items: CatalogItem[]; next?: string; total?: number }> {
    try {
      const answer = await this.#search(query);
      if (this.#standing.status !== 'offered' && this.#standing.status !== 'asking') this.#askSoon();
      return answer;
    } catch (error) {
      if (error instanceof ClientError && error.network !== undefined && error.network !== 'CANCELED')
        this.#fail(error);
      throw error;
    }
  }

  /** What was read belongs to another language, or is old. */
  forget(): void {
    this.#list = undefined;
    this.#items.clear();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#callOff?.();
  }

  #askSoon(): void {
    this.ask().catch((error: unknown) => this.#means.onTrouble(error));
  }

  async #ask(): Promise<void> {
    const { store, request, clock } = this.#means;
    this.#callOff?.();
    this.#set({ ...this.#standing, status: 'asking', nextTryAt: undefined });
    try {
      const info = await store.info(request());
      this.#hasSearch = info !== undefined;
      const { items, total } = await this.#search({}, true);
      const categories = this.#hasSearch ? (await store.categories(request())).categories : [];
      this.#failures = 0;
      this.#set({
        status: items.length === 0 ? 'none-for-platform' : 'offered',
        info,
        isDocumented: info !== undefined,
        ...((info?.plugins ?? total) === undefined ? {} : { plugins: info?.plugins ?? total }),
        categories: categories.map(({ name }) => name),
        askedAt: clock(),
      });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#fail(error);
    }
  }

  async #search(
    query: CatalogueQuery,
    isFresh = false,
  ): Promise<{ items: CatalogItem[]; next?: string; total?: number }> {
    const { store, request } = this.#means;
    const { q, category, sort, cursor } = query;
    if (this.#hasSearch && (await store.hasV1(request()))) {
      try {
        const page = await store.search({ q, category, sort, cursor, limit: pageSize }, request());
        const items = page.plugins.map((plugin) => itemOfDocumented(store, plugin));
        this.#note(items, false);
        return { items, ...(page.next === undefined ? {} : { next: page.next }) };
      } catch (error) {
        if (!isUnknownQuestion(error)) throw error;
        this.#hasSearch = false;
      }
    }
    const list = await this.#wholeList(isFresh || cursor === undefined);
    if (category !== undefined) return { items: [], total: list.length };
    const { language } = request();
    return { ...searchPlain(list, { q, sort, cursor, limit: pageSize, language }), total: list.length };
  }

  async #wholeList(isFirstPage: boolean): Promise<CatalogItem[]> {
    const { store, clock, request } = this.#means;
    const known = this.#list;
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : clock().getTime() - known.at.getTime();
    const isUsable = known !== undefined && known.language === request().language;
    if (isUsable && (!isFirstPage || (ageMs >= 0 && ageMs < listFreshMs))) return known.items;
    const { plugins, skipped } = await store.listing(request());
    // A list of which nothing can be used is no empty store.
    catalogOf(plugins, skipped, store.platform);
    const isJudged = await store.hasV1(request());
    const items = plugins.map((plugin) => itemOfPlain(store, plugin, isJudged));
    this.#list = { items, at: clock(), language: request().language };
    this.#note(items, true);
    return items;
  }

  #note(items: readonly CatalogItem[], isWhole: boolean): void {
    const { language } = this.#means.request();
    if (language !== this.#itemsLanguage) this.#items.clear();
    this.#itemsLanguage = language;
    for (const item of items) {
      this.#items.delete(item.id);
      this.#items.set(item.id, item);
    }
    for (const id of this.#items.keys()) {
      if (this.#items.size <= maxItems) break;
      this.#items.delete(id);
    }
    this.#means.onItems(items, isWhole);
  }

  #fail(error: ClientError): void {
    if (this.#isClosed) return;
    const { clock, timer, random } = this.#means;
    this.#callOff?.();
    const bound = retryWaitsMs[Math.min(this.#failures, retryWaitsMs.length - 1)] ?? listFreshMs;
    const delayMs = Math.max(error.retryAfterMs ?? 0, Math.round(bound * (0.75 + random() / 4)));
    this.#failures += 1;
    this.#callOff = timer.after(delayMs, () => this.#askSoon());
    this.#set({
      ...this.#standing,
      status: 'unavailable',
      failure: pluginFailure(error),
      nextTryAt: new Date(clock().getTime() + delayMs),
    });
  }

  #set(standing: StoreStanding): void {
    if (this.#isClosed) return;
    this.#standing = standing;
    this.#means.onChange();
  }
}
