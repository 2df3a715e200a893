import {
  type OfferedRelease,
  StoreInfo,
  type StorePlugin,
  StorePluginFacts,
  storePaths,
} from '@jami-plugin-store/contract';
import { isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import { redirectTarget } from '../network/url.js';
import { readDescription, readListing, type SkippedEntry } from './catalog.js';
import { storeUrl } from './configured-stores.js';

export interface StoreRequest {
  /** `Accept-Language`. */
  language?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What is downloaded when a plugin is installed now, and from where. */
export interface StoreOffer {
  release: OfferedRelease;
  url: URL;
}

/** A store over HTTP: a plain Jami store, or one of ours, used to the full. Each call throws a `ClientError` of a network code. */
export interface StoreApi {
  readonly url: URL;
  /** True where the store has the documented `/v1`. Asked once. */
  hasV1(request?: StoreRequest): Promise<boolean>;
  listing(request?: StoreRequest): Promise<{ plugins: StorePlugin[]; skipped: SkippedEntry[] }>;
  details(id: string, request?: StoreRequest): Promise<StorePlugin>;
  /** Newest first, never empty. */
  versions(id: string, request?: StoreRequest): Promise<StorePlugin[]>;
  offer(id: string, request?: StoreRequest): Promise<StoreOffer>;
  iconUrl(id: string): URL;
  backgroundUrl(id: string): URL;
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
  readonly #network: Network;
  readonly #platform: string;
  #hasV1: boolean | undefined;

  constructor(network: Network, url: URL, platform: string) {
    this.#network = network;
    this.url = url;
    this.#platform = platform;
  }

  async hasV1(request: StoreRequest = {}): Promise<boolean> {
    this.#hasV1 ??= await this.#probe(request);
    return this.#hasV1;
  }

  async listing(request: StoreRequest = {}) {
    const url = this.#at(storePaths.listing(this.#platform));
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

  async offer(id: string, request: StoreRequest = {}): Promise<StoreOffer> {
    assertId(id);
    if (await this.hasV1(request)) return this.#offerOfOurs(id, request);
    const [newest] = await this.versions(id, request);
    if (newest === undefined) throw new ClientError('NOT_FOUND', `The store does not offer ${id}`);
    return { release: { version: newest.version }, url: this.#about(id, storePaths.download) };
  }

  iconUrl(id: string): URL {
    return this.#about(id, storePaths.icon);
  }

  backgroundUrl(id: string): URL {
    return this.#about(id, storePaths.background);
  }

  async #offerOfOurs(id: string, request: StoreRequest): Promise<StoreOffer> {
    const url = this.#at(storePaths.plugin(id));
    const facts = await this.#get(url, listingBytes, request);
    if (!Check(StorePluginFacts, facts) || facts.id !== id) {
      throw new ClientError('ANSWER_MALFORMED', `The store answered something else than the facts of ${id}`, {
        at: url.href,
      });
    }
    const sha256 = Object.hasOwn(facts.offered, this.#platform) ? facts.offered[this.#platform] : undefined;
    if (sha256 === undefined) {
      throw new ClientError('NOT_FOUND', `The store does not offer ${id} for ${this.#platform}`, {
        at: url.href,
      });
    }
    const release = facts.releases.find((candidate) => candidate.sha256 === sha256);
    if (release === undefined || !isVersion(release.version)) {
      throw new ClientError(
        'ANSWER_MALFORMED',
        `The store offers a release of ${id} that it does not describe`,
        {
          at: url.href,
        },
      );
    }
    const { version, size } = release;
    return { release: { version, sha256, size }, url: redirectTarget(this.url, withoutSlash(release.url)) };
  }

  async #probe(request: StoreRequest): Promise<boolean> {
    try {
      const info = await this.#get(this.#at(storePaths.info()), entryBytes, request);
      return Check(StoreInfo, info) && info.api.includes('v1');
    } catch (error) {
      // A plain Jami store has no such route, and says so in its own way.
      if (error instanceof ClientError && isAnswer(error)) return false;
      throw error;
    }
  }

  #get(url: URL, maxBytes: number, request: StoreRequest): Promise<unknown> {
    return this.#network.getJson(url, { maxBytes, language: request.language, signal: request.signal });
  }

  #about(id: string, path: (id: string, platform: string) => string): URL {
    assertId(id);
    return this.#at(path(id, this.#platform));
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

// Paths of the contract start at the store's base URL, which may itself have a path.
function withoutSlash(path: string): string {
  return path.replace(/^\/+/, '');
}

function isAnswer(error: ClientError): boolean {
  if (error.code === 'NOT_FOUND' || error.code === 'ANSWER_MALFORMED') return true;
  return error.code === 'HTTP_STATUS' && error.status !== undefined && error.status < 500;
}
