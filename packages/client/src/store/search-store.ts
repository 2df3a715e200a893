import type { CatalogSort } from '@jami-plugin-store/contract';
import { catalogOf } from './catalog.js';
import { type CatalogItem, itemOfDocumented, itemOfPlain } from './catalog-item.js';
import { searchPlain } from './plain-catalog.js';
import { isUnknownQuestion, type StoreApi, type StoreRequest } from './store-api.js';

export interface StoreSearch {
  /** Words to be found in id, name, description or publisher; the beginning of a word is enough. */
  q?: string | undefined;
  category?: string | undefined;
  /** `relevance` where there are words, else `newest`. */
  sort?: CatalogSort | undefined;
  /** At most so many plugins. */
  limit: number;
}

export interface FoundPlugins {
  items: CatalogItem[];
  /** There are more than the limit let through. */
  hasMore: boolean;
}

const pageSize = 100;

/**
 * What a store offers for the platform, best first: asked page by page where the store can search, else found in its whole list.
 * @throws {ClientError} a network code
 */
export async function searchStore(
  store: StoreApi,
  search: StoreSearch,
  request: StoreRequest,
): Promise<FoundPlugins> {
  const { q, category, sort = q === undefined ? 'newest' : 'relevance', limit } = search;
  if (await store.hasV1(request)) {
    try {
      return await searchPages(store, { q, category, sort, limit }, request);
    } catch (error) {
      if (!isUnknownQuestion(error)) throw error;
    }
  }
  // A plain Jami store has no categories.
  if (category !== undefined) return { items: [], hasMore: false };
  const { plugins, skipped } = await store.listing(request);
  // A list of which nothing can be used is no empty store.
  catalogOf(plugins, skipped, store.platform);
  const items = plugins.map((plugin) => itemOfPlain(store, plugin, false));
  const found = searchPlain(items, { q, sort, limit, language: request.language });
  return { items: found.items, hasMore: found.next !== undefined };
}

async function searchPages(
  store: StoreApi,
  { limit, ...query }: StoreSearch,
  request: StoreRequest,
): Promise<FoundPlugins> {
  const items: CatalogItem[] = [];
  let cursor: string | undefined;
  do {
    const size = Math.min(pageSize, limit - items.length);
    const page = await store.search({ ...query, cursor, limit: size }, request);
    items.push(...page.plugins.map((plugin) => itemOfDocumented(store, plugin)));
    // A page that brings nothing would be asked for again and again.
    cursor = page.plugins.length === 0 ? undefined : page.next;
  } while (cursor !== undefined && items.length < limit);
  return { items: items.slice(0, limit), hasMore: cursor !== undefined };
}
