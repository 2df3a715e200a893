import {
  type CatalogItem,
  type ConfiguredStore,
  createNetwork,
  createStoreApi,
  type FoundPlugins,
  listStores,
  searchStore,
} from '@jami-plugin-store/client';
import type { CatalogSort } from '@jami-plugin-store/contract';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { dataDirOf, languageOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { describeRefusal } from '../refusal.js';
import { refusalOf } from '../refusal-of.js';
import { chooseStore, networkOf, type StoreQuestion } from '../store-access.js';

export interface SearchOptions extends StoreQuestion {
  readonly sort?: CatalogSort | undefined;
  readonly category?: string | undefined;
  /** At most so many plugins of each store. */
  readonly limit: number;
  readonly json?: boolean | undefined;
}

/**
 * `jpl search [TEXT]`: what the configured stores have for this platform, best first. Where one of several does not answer, what the others
 * have is told all the same, and the exit code is 1.
 */
export async function search(io: Io, text: string | undefined, options: SearchOptions): Promise<number> {
  const stores = await storesOf(io, options);
  const answers = await askStores(io, stores, text, options);
  const failures = answers.flatMap(({ store, error }) => (error === undefined ? [] : [{ store, error }]));
  const [first] = failures;
  if (first !== undefined && failures.length === stores.length) throw first.error;
  const found = answers.flatMap(({ store, found }) => (found?.items ?? []).map((item) => ({ store, item })));
  if (options.json)
    printJson(
      io,
      found.map(({ store, item }) => row(store, item)),
    );
  else for (const { store, item } of found) io.stdout(describe(store, item, stores.length > 1));
  for (const { store, error } of failures)
    io.stderr(`${printable(store)}: ${describeRefusal(await refusalOf(error))}`);
  if (options.json !== true && failures.length === 0) sayHowMany(io, text, options, answers);
  return failures.length === 0 ? 0 : 1;
}

/** @throws {UsageError} STORE_NOT_CONFIGURED */
async function storesOf(io: Io, options: SearchOptions): Promise<ConfiguredStore[]> {
  const stores = options.store === undefined ? await listStores(dataDirOf(io, options)) : [];
  return stores.length > 0 ? stores : [await chooseStore(io, options)];
}

interface Answer {
  readonly store: string;
  readonly found?: FoundPlugins;
  readonly error?: unknown;
}

async function askStores(
  io: Io,
  stores: readonly ConfiguredStore[],
  q: string | undefined,
  { platform = currentPlatform(), sort, category, limit }: SearchOptions,
): Promise<Answer[]> {
  const language = languageOf(io);
  await using network = createNetwork({ ...(await networkOf(io)), language });
  const ask = async ({ name, url }: ConfiguredStore): Promise<Answer> => {
    try {
      const store = createStoreApi(network, url, platform);
      const query = { q, category, sort, limit };
      return { store: name, found: await searchStore(store, query, { language, signal: io.signal }) };
    } catch (error) {
      return { store: name, error };
    }
  };
  return await Promise.all(stores.map(ask));
}

/** Names as in Jami's API, with the store it is in, and what a documented store tells beside them. */
function row(store: string, item: CatalogItem): object {
  const { id, name, version, description, publisher, publishedAt, categories, size, deprecated } = item;
  const author = publisher?.name ?? '';
  const plugin = { id, name, version, description, author, timestamp: publishedAt ?? '', store };
  return item.isJudged ? { ...plugin, categories, size, deprecated } : plugin;
}

function describe(store: string, item: CatalogItem, namesStore: boolean): string {
  const { id, name, version, publisher, description, deprecated } = item;
  const title = name === id ? id : `${id} (${name})`;
  const where = namesStore ? `  (${store})` : '';
  const old = deprecated === undefined ? '' : `  deprecated: ${deprecated.reason}`;
  const summary = description.split('\n', 1)[0] ?? '';
  const line = `${title}  ${version}  by ${publisher?.name ?? 'unknown'}${where}${old}`;
  return `${printable(line)}\n  ${printable(summary)}\n`;
}

function sayHowMany(
  io: Io,
  text: string | undefined,
  { category, limit }: SearchOptions,
  answers: readonly Answer[],
): void {
  const isEmpty = answers.every(({ found }) => found?.items.length === 0);
  const isNarrowed = text !== undefined || category !== undefined;
  if (isEmpty && isNarrowed) io.stderr(`Nothing matches ${JSON.stringify(text ?? category)}.\n`);
  else if (isEmpty) io.stderr('There are no extensions for this platform.\n');
  if (answers.some(({ found }) => found?.hasMore)) io.stderr(`There are more than ${limit}: --limit\n`);
}
