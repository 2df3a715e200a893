import type { StorePlugin } from '@jami-plugin-store/contract';
import { fallbackLanguage } from '@jami-plugin-store/jpl';
import { offeredFor, type PluginShelf, type ShelvedPackage } from '../catalog/plugin-shelf.js';
import { readLanguages, readShownTexts } from '../catalog/shown-texts.js';
import type { Change } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { isOfNow } from './answer-age.js';
import { BoundedCache } from './bounded-cache.js';
import { chooseLanguage, preferredLanguages } from './language-preference.js';
import { Listings } from './listings.js';
import { prepareJson, type TimedBody } from './prepared-body.js';
import type { Shelves } from './shelves.js';
import { storePluginOf } from './store-plugin.js';

/** Prepared answers about single plugins held at once. */
const cacheLimits = { maxEntries: 4096, maxBytes: 64 * 1024 * 1024, maxMaking: 4 };

/** Listings in some order of several languages: a request can ask for any of thousands, each as long as the catalog. */
const maxOrderedListings = 64;

/** Versions of one plugin told at once; Jami's client looks at the first. */
const maxVersions = 1_000;

interface Answer extends TimedBody {
  /** Number of the plugin it is about. */
  readonly plugin: number;
}

/**
 * The catalog as JSON, each answer made once per platform and language and kept until what it says changes: something of the plugin is
 * published or taken out, or the next certificate expires.
 */
export class PreparedAnswers {
  readonly #database: StoreDatabase;
  readonly #shelves: Shelves;
  readonly #clock: () => Date;
  readonly #listings: Listings;
  readonly #cache = new BoundedCache<Answer>(
    cacheLimits,
    ({ body }) => body.weight,
    ({ plugin }) => String(plugin),
  );
  readonly #ordered = new Set<string>();
  #languages: Promise<readonly string[]> | undefined;

  constructor(database: StoreDatabase, shelves: Shelves, clock: () => Date) {
    this.#database = database;
    this.#shelves = shelves;
    this.#clock = clock;
    this.#listings = new Listings(database);
  }

  /** Jami's `GET /?arch=`: an array of {@link StorePlugin}, `[]` for a platform nothing is offered for. */
  async listing(platform: string, acceptLanguage: string | undefined): Promise<TimedBody> {
    const wish = preferredLanguages(acceptLanguage, await this.#languagesInUse());
    return await this.#listings.get(platform, this.#admit(platform, wish), this.#clock().getTime());
  }

  /**
   * Jami's `GET /details/:id?arch=`.
   * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
   */
  async details(id: string, platform: string, acceptLanguage: string | undefined): Promise<TimedBody> {
    const shelf = await this.#shelves.plugin(id);
    const [newest] = offeredFor(shelf, platform, this.#clock().getTime());
    const languages = preferredLanguages(acceptLanguage, newest.languages);
    return await this.#current(`details ${platform} ${languages.join()} ${id}`, (at) =>
      this.#makeTexts(shelf, [newest], languages, at, ([plugin]) => plugin),
    );
  }

  /**
   * Jami's `GET /versions/:id?arch=`: newest first, never empty.
   * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
   */
  async versions(id: string, platform: string, acceptLanguage: string | undefined): Promise<TimedBody> {
    const shelf = await this.#shelves.plugin(id);
    const packages = offeredFor(shelf, platform, this.#clock().getTime()).slice(0, maxVersions);
    const available = [...new Set(packages.flatMap((shelved) => shelved.languages))];
    const languages = preferredLanguages(acceptLanguage, available);
    return await this.#current(`versions ${platform} ${languages.join()} ${id}`, (at) =>
      this.#makeTexts(shelf, packages, languages, at, (plugins) => plugins),
    );
  }

  /** Drops what is no longer true. */
  forget(changes: readonly Change[] | 'everything'): void {
    if (changes === 'everything' || changes.some(({ subject }) => subject === 'everything')) {
      this.#cache.clear();
      this.#listings.clear();
      this.#ordered.clear();
      this.#languages = undefined;
      return;
    }
    const plugins = changes.flatMap(({ plugin }) => (plugin === null ? [] : [plugin]));
    if (plugins.length === 0) return;
    this.#ordered.clear();
    for (const plugin of plugins) {
      this.#cache.dropGroup(String(plugin));
      this.#listings.note(plugin);
    }
    this.#languages = undefined;
  }

  /** The held answer where it is true now, else a new one. */
  async #current(key: string, make: (at: number) => Promise<Answer>): Promise<TimedBody> {
    const at = this.#clock().getTime();
    const held = await this.#cache.get(key, () => make(at));
    if (isOfNow(held.since, at) && at < held.until) return held;
    this.#cache.drop(key);
    return await this.#cache.get(key, () => make(at));
  }

  #languagesInUse(): Promise<readonly string[]> {
    this.#languages ??= readLanguages(this.#database.queries).catch((error: unknown) => {
      this.#languages = undefined;
      throw error;
    });
    return this.#languages;
  }

  /** The wish as it is, or once there are too many different ones its first language and the fallback. */
  #admit(platform: string, languages: readonly string[]): readonly string[] {
    if (languages.length <= 2) return languages;
    const key = `${platform} ${languages.join()}`;
    if (this.#ordered.size < maxOrderedListings) this.#ordered.add(key);
    return this.#ordered.has(key) ? languages : [...languages.slice(0, 1), fallbackLanguage];
  }

  async #makeTexts(
    { id, number }: PluginShelf,
    packages: readonly ShelvedPackage[],
    languages: readonly string[],
    at: number,
    shape: (plugins: StorePlugin[]) => unknown,
  ): Promise<Answer> {
    const chosen = new Map(
      packages.map((shelved) => [shelved.number, chooseLanguage(languages, shelved.languages)]),
    );
    const texts = await readShownTexts(this.#database.queries, chosen);
    const plugins = packages.map((shelved) =>
      storePluginOf(id, { ...shelved, publisherName: shelved.publisher.name }, texts.get(shelved.number)),
    );
    return {
      body: await prepareJson(shape(plugins), [...new Set(chosen.values())].sort()),
      since: at,
      until: earliest(packages),
      plugin: number,
    };
  }
}

function earliest(packages: readonly ShelvedPackage[]): number {
  return Math.min(...packages.map(({ expiresAt }) => expiresAt));
}
