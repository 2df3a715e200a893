import {
  type CatalogPage,
  type CatalogQuery,
  type CategoryList,
  catalogPaths,
  type OfferedRelease,
  StoreInfo,
  type StorePlugin,
  type StorePluginFacts,
  storePaths,
  type UpdateAnswer,
  type UpdateQuestion,
} from '@jami-plugin-store/contract';
import { compareVersions, isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';
import type { ExchangeObserver } from '../network/exchange-watch.js';
import type { Network } from '../network/network.js';
import { redirectTarget } from '../network/url.js';
import { readDescription, readListing, type SkippedEntry } from './catalog.js';
import { storeUrl } from './configured-stores.js';
import {
  offeredRelease,
  readCatalogPage,
  readCategories,
  readFacts,
  readUpdates,
} from './documented-answers.js';

export interface StoreRequest {
  /** `Accept-Language`. */
  language?: string | undefined;
  signal?: AbortSignal | undefined;
  observe?: ExchangeObserver | undefined;
}

/** What is downloaded when a plugin is installed now, and from where. */
export interface StoreOffer {
  release: OfferedRelease;
  url: URL;
}

/** As `CatalogQuery`; what is undefined is left out. */
type SearchQuery = { [Field in keyof CatalogQuery]?: CatalogQuery[Field] | undefined };

/** A store over HTTP: a plain Jami store, or one of ours, used to the full. Each call throws a `ClientError` of a network code. */
export interface StoreApi {
  readonly url: URL;
  readonly platform: string;
  /** True where the store has the documented `/v1`; asked once. */
  hasV1(request?: StoreRequest): Promise<boolean>;
  /** What the store says of itself; undefined: a plain Jami store. Asked each time. */
  info(request?: StoreRequest): Promise<StoreInfo | undefined>;
  listing(request?: StoreRequest): Promise<{ plugins: StorePlugin[]; skipped: SkippedEntry[] }>;
  details(id: string, request?: StoreRequest): Promise<StorePlugin>;
  /** Newest first, never empty. */
  versions(id: string, request?: StoreRequest): Promise<StorePlugin[]>;
  /** What is installed now, or exactly a version. @throws {ClientError} VERSION_NOT_OFFERED, too */
  offer(id: string, request?: StoreRequest & { version?: string | undefined }): Promise<StoreOffer>;
  /** One page of a search. Of a documented store; NOT_FOUND where it is older than this question. */
  search(query: SearchQuery, request?: StoreRequest): Promise<CatalogPage>;
  categories(request?: StoreRequest): Promise<CategoryList>;
  facts(id: string, request?: StoreRequest): Promise<StorePluginFacts>;
  /** What is to be said of everything installed from here. Of a documented store, as `search`. */
  updates(question: UpdateQuestion, request?: StoreRequest): Promise<UpdateAnswer>;
  iconUrl(id: string): URL;
  backgroundUrl(id: string): URL;
  /** An address the store named, relative to its base URL. @throws {ClientError} REDIRECT_REFUSED: it leads where it must not */
  resolve(address: string): URL;
}

const listingBytes = 16 * 1024 * 1024;
const entryBytes = 256 * 1024;
const maxVersions = 10_000;

/**
 * @param baseUrl the store's base URL; a path in it is kept
 * @param platform the platform every question is about
 * @throws {ClientError} STORE_URL_INVALID | STORE_URL_INSECURE
 */
export function createStoreApi(network: Network, baseUrl: string | URL, platform: string): StoreApi {
  return new HttpStore(network, storeUrl(String(baseUrl)), platform);
}

class HttpStore implements StoreApi {
  readonly url: URL;
  readonly platform: string;
  readonly #network: Network;
  #hasV1: boolean | undefined;

  constructor(network: Network, url: URL, platform: string) {
    this.#network = network;
    this.url = url;
    this.platform = platform;
  }

  async hasV1(request: StoreRequest = {}): Promise<boolean> {
    if (this.#hasV1 === undefined) await this.info({ ...request, observe: undefined });
    return this.#hasV1 === true;
  }

  async info(request: StoreRequest = {}): Promise<StoreInfo | undefined> {
    const info = await this.#probe(request);
    this.#hasV1 = info !== undefined;
    return info;
  }

  async listing(request: StoreRequest = {}) {
    const url = this.#at(storePaths.listing(this.platform));
    return readListing(await this.#get(url, listingBytes, request), url.href);
  }

  async details(id: string, request: StoreRequest = {}): Promise<StorePlugin> {
    const url = this.#about(id, storePaths.details);
    return readDescription(await this.#get(url, entryBytes, request), id, url.href);
  }

  async versions(id: string, request: StoreRequest = {}): Promise<StorePlugin[]> {
    const url = this.#about(id, storePaths.versions);
    const value = await this.#get(url, listingBytes, request);
    if (!Array.isArray(value) || value.length === 0 || value.length > maxVersions) {
      throw new ClientError('ANSWER_MALFORMED', `The store answered no list of versions of ${id}`, {
        at: url.href,
      });
    }
    return value.map((entry) => readDescription(entry, id, url.href));
  }

  async offer(
    id: string,
    { version, ...request }: StoreRequest & { version?: string | undefined } = {},
  ): Promise<StoreOffer> {
    assertId(id);
    if (await this.hasV1(request)) {
      const facts = await this.facts(id, request);
      const { url, ...release } = offeredRelease(facts, this.platform, version, this.url.href);
      return { release, url: this.resolve(url) };
    }
    const [newest] = await this.versions(id, request);
    if (newest === undefined) throw new ClientError('NOT_FOUND', `The store does not offer ${id}`);
    if (version !== undefined && !isSameVersion(version, newest.version)) {
      throw new ClientError(
        'VERSION_NOT_OFFERED',
        `The store offers ${id} ${newest.version}; a plain Jami store has no other version to download`,
      );
    }
    return { release: { version: newest.version }, url: this.#about(id, storePaths.download) };
  }

  async search(query: SearchQuery, request: StoreRequest = {}): Promise<CatalogPage> {
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries({ platform: this.platform, ...query }))
      if (value !== undefined) fields.set(name, String(value));
    const url = this.#at(`${catalogPaths.plugins}?${fields}`);
    return readCatalogPage(await this.#get(url, listingBytes, request), url.href);
  }

  async categories(request: StoreRequest = {}): Promise<CategoryList> {
    const url = this.#at(`${catalogPaths.categories}?platform=${encodeURIComponent(this.platform)}`);
    return readCategories(await this.#get(url, entryBytes, request), url.href);
  }

  async facts(id: string, request: StoreRequest = {}): Promise<StorePluginFacts> {
    assertId(id);
    const url = this.#at(storePaths.plugin(id));
    return readFacts(await this.#get(url, listingBytes, request), id, url.href);
  }

  async updates(question: UpdateQuestion, request: StoreRequest = {}): Promise<UpdateAnswer> {
    const url = this.#at(catalogPaths.updates);
    const { language, signal } = request;
    const answer = await this.#network.postJson(url, question, { maxBytes: listingBytes, language, signal });
    return readUpdates(answer, url.href);
  }

  iconUrl(id: string): URL {
    return this.#about(id, storePaths.icon);
  }

  backgroundUrl(id: string): URL {
    return this.#about(id, storePaths.background);
  }

  resolve(address: string): URL {
    return redirectTarget(this.url, withoutSlash(address));
  }

  async #probe(request: StoreRequest): Promise<StoreInfo | undefined> {
    try {
      const info = await this.#get(this.#at(storePaths.info()), entryBytes, request);
      return Check(StoreInfo, info) && info.api.includes('v1') ? info : undefined;
    } catch (error) {
      // A plain Jami store has no such route, and says so in its own way.
      if (error instanceof ClientError && isAnswer(error)) return undefined;
      throw error;
    }
  }

  #get(url: URL, maxBytes: number, { language, signal, observe }: StoreRequest): Promise<unknown> {
    return this.#network.getJson(url, { maxBytes, language, signal, observe });
  }

  #about(id: string, path: (id: string, platform: string) => string): URL {
    assertId(id);
    return this.#at(path(id, this.platform));
  }

  #at(path: string): URL {
    return new URL(withoutSlash(path), this.url);
  }
}

/** An id becomes a path of the store and a file name of the cache. @throws {ClientError} PLUGIN_ID_INVALID */
export function assertId(id: string): void {
  if (isPluginId(id)) return;
  throw new ClientError(
    'PLUGIN_ID_INVALID',
    `${JSON.stringify(id.slice(0, 100))} cannot be the id of a plugin`,
  );
}

function isSameVersion(a: string, b: string): boolean {
  return isVersion(a) && isVersion(b) && compareVersions(a, b) === 0;
}

// Paths of the contract start at the store's base URL, which may itself have a path.
function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}

/** Whether a store said that it does not know a question of the documented API, being older than it. */
export function isUnknownQuestion(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  return error.code === 'NOT_FOUND' || error.status === 405 || error.status === 501;
}

function isAnswer(error: ClientError): boolean {
  if (error.code === 'NOT_FOUND' || error.code === 'ANSWER_MALFORMED') return true;
  return error.code === 'HTTP_STATUS' && error.status !== undefined && error.status < 500;
}
