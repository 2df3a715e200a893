import {
  type StoreInfo,
  type StorePlugin,
  type StorePluginFacts,
  storePaths,
} from '@jami-plugin-store/contract';
import { fallbackLanguage } from '@jami-plugin-store/jpl';
import type { Catalog, CatalogSurvey, Release } from '../catalog/catalog.js';
import { BoundedCache } from './bounded-cache.js';
import { chooseLanguage, preferredLanguages } from './language-preference.js';
import { type PreparedBody, prepareBody } from './prepared-body.js';

const json = 'application/json; charset=utf-8';

/** Prepared answers held at once, all routes together. */
const cacheLimits = { maxEntries: 4096, maxBytes: 128 * 1024 * 1024, maxMaking: 2 };

/** Listings in some order of several languages: a request can ask for any of thousands, each as long as the catalog. */
const maxOrderedListings = 64;

/**
 * The catalog as JSON, each answer made once per platform and language and kept until what is offered changes: a
 * release is added or removed, or the next certificate expires.
 */
export class PreparedAnswers {
  readonly #catalog: Catalog;
  readonly #clock: () => Date;
  readonly #cache = new BoundedCache<PreparedBody>(cacheLimits, (body) => body.weight);
  #survey: CatalogSurvey = { languages: [], platforms: new Set(), nextExpiry: Number.NEGATIVE_INFINITY };
  readonly #ordered = new Set<string>();
  #generation = -1;
  #madeAt = Number.POSITIVE_INFINITY;

  constructor(catalog: Catalog, clock: () => Date) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Jami's `GET /?arch=`: an array of {@link StorePlugin}, `[]` for a platform nothing is offered for. */
  listing(platform: string, acceptLanguage: string | undefined): Promise<PreparedBody> {
    const at = this.#refresh();
    // Names that nothing is offered for share one answer, so that they cannot crowd out the others.
    if (!this.#survey.platforms.has(platform)) return this.#cache.get('listing', () => prepareJson([], []));
    const languages = this.#admit(platform, preferredLanguages(acceptLanguage, this.#survey.languages));
    return this.#cache.get(`listing ${platform} ${languages.join()}`, () =>
      prepareTexts(this.#catalog.offered(platform, at), languages, (plugins) => plugins),
    );
  }

  /**
   * Jami's `GET /details/:id?arch=`.
   * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
   */
  details(id: string, platform: string, acceptLanguage: string | undefined): Promise<PreparedBody> {
    const at = this.#refresh();
    const [newest] = this.#catalog.versions(id, platform, at);
    const languages = preferredLanguages(acceptLanguage, newest.languages);
    return this.#cache.get(`details ${platform} ${languages.join()} ${id}`, () =>
      prepareTexts([newest], languages, ([plugin]) => plugin),
    );
  }

  /**
   * Jami's `GET /versions/:id?arch=`: newest first, never empty.
   * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
   */
  versions(id: string, platform: string, acceptLanguage: string | undefined): Promise<PreparedBody> {
    const at = this.#refresh();
    const releases = this.#catalog.versions(id, platform, at);
    const available = [...new Set(releases.flatMap((release) => release.languages))];
    const languages = preferredLanguages(acceptLanguage, available);
    return this.#cache.get(`versions ${platform} ${languages.join()} ${id}`, () =>
      prepareTexts(releases, languages, (plugins) => plugins),
    );
  }

  /**
   * `GET /v1/plugins/:id`: {@link StorePluginFacts}.
   * @throws {StoreError} PLUGIN_NOT_FOUND
   */
  facts(id: string): Promise<PreparedBody> {
    const at = this.#refresh();
    const releases = this.#catalog.releases(id, at);
    return this.#cache.get(`facts ${id}`, () => prepareJson(factsOf(releases), []));
  }

  /** `GET /v1/store`, out of what never changes and the number of plugins offered now. */
  info(fixed: Omit<StoreInfo, 'plugins'>): Promise<PreparedBody> {
    const at = this.#refresh();
    const make = (): StoreInfo => ({ ...fixed, plugins: this.#catalog.count(at) });
    return this.#cache.get('info', () => prepareJson(make(), []));
  }

  /** The wish as it is, or once there are too many different ones its first language and the fallback. */
  #admit(platform: string, languages: readonly string[]): readonly string[] {
    if (languages.length <= 2) return languages;
    const key = `${platform} ${languages.join()}`;
    if (this.#ordered.size < maxOrderedListings) this.#ordered.add(key);
    return this.#ordered.has(key) ? languages : [...languages.slice(0, 1), fallbackLanguage];
  }

  /** Drops what is no longer true. Returns the one instant this request is answered for. */
  #refresh(): number {
    const at = this.#clock().getTime();
    const isCurrent =
      this.#generation === this.#catalog.generation && at >= this.#madeAt && at < this.#survey.nextExpiry;
    if (!isCurrent) {
      this.#cache.clear();
      this.#ordered.clear();
      this.#generation = this.#catalog.generation;
      this.#madeAt = at;
      this.#survey = this.#catalog.survey(at);
    }
    return at;
  }
}

function prepareTexts(
  releases: readonly Release[],
  languages: readonly string[],
  shape: (plugins: StorePlugin[]) => unknown,
): Promise<PreparedBody> {
  const used = new Set<string>();
  const plugins = releases.map((release) => {
    const language = chooseLanguage(languages, release.languages);
    used.add(language);
    return storePluginOf(release, language);
  });
  return prepareJson(shape(plugins), [...used].sort());
}

function prepareJson(value: unknown, languages: readonly string[]): Promise<PreparedBody> {
  return prepareBody(Buffer.from(JSON.stringify(value)), json, languages);
}

/** The object Jami's client reads: keys, order and types of its own store. */
function storePluginOf({ record }: Release, language: string): StorePlugin {
  const texts = record.texts[language];
  return {
    id: record.id,
    name: texts?.name ?? '',
    version: record.version,
    description: texts?.description ?? '',
    author: record.publisher.name,
    iconPath: record.icon?.entry ?? '',
    backgroundPath: record.background?.entry ?? '',
    timestamp: record.timestamp,
  };
}

function factsOf(releases: readonly [Release, ...Release[]]): StorePluginFacts {
  const { id, publisher } = releases[0].record;
  const offered = new Map<string, string>();
  for (const { platforms, record } of releases) {
    for (const platform of platforms) if (!offered.has(platform)) offered.set(platform, record.sha256);
  }
  return {
    id,
    publisher: {
      name: publisher.name,
      ...(publisher.organization === undefined ? {} : { organization: publisher.organization }),
    },
    offered: Object.fromEntries([...offered].sort(([a], [b]) => (a < b ? -1 : 1))),
    releases: releases.map(({ platforms, record }) => ({
      version: record.version,
      platforms: [...platforms].sort(),
      platformIndependent: record.platforms === 'any',
      sha256: record.sha256,
      size: record.size,
      publishedAt: record.timestamp,
      expiresAt: record.expiresAt,
      url: storePaths.blob(record.sha256),
    })),
  };
}
