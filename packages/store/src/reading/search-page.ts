import type { CatalogPage, CatalogPlugin, CatalogQuery, CatalogSort } from '@jami-plugin-store/contract';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import type { StoreDatabase, StoreQueries } from '../database/database.js';
import { findPlugins, type PluginWish } from './find-plugins.js';
import { deprecationOf, imagesOf, platformsOf, publisherOf, textsOf } from './package-view.js';
import { cursorOf, type Position, positionOf } from './search-cursor.js';

const defaultLimit = 50;

/** Rounds for one page: where that many hits in a row have just expired, the page is shorter, and the next one goes on. */
const maxRounds = 5;

export interface SearchAnswer {
  readonly page: CatalogPage;
  readonly languages: readonly string[];
}

/**
 * One page of a search. What others publish meanwhile moves to the front and never into a page that is still to come, so no plugin comes
 * twice and none that stayed as it was is left out.
 * @throws {StoreError} PARAMETER_MALFORMED for a cursor of another search
 */
export async function searchPage(
  database: StoreDatabase,
  query: CatalogQuery,
  acceptLanguage: string | undefined,
  at: Date,
): Promise<SearchAnswer> {
  const { q = '', platform, category, organization, limit = defaultLimit } = query;
  const sort: CatalogSort = query.sort ?? (q === '' ? 'newest' : 'relevance');
  const wish: PluginWish = { text: q, platform, category, organization, sort };
  let position = positionOf(query, sort);
  const shown: Shown[] = [];
  let isLast = false;
  for (let round = 0; round < maxRounds && shown.length < limit && !isLast; round += 1) {
    const wanted = limit - shown.length;
    const hits = await findPlugins(database, wish, position, wanted + 1);
    isLast = hits.length <= wanted;
    const kept = hits.slice(0, wanted);
    const rows = await packagesShown(
      database.queries,
      kept.map(({ listed }) => listed),
      platform,
      at,
    );
    shown.push(...kept.flatMap(({ listed }) => rows.get(listed) ?? []));
    position = kept.at(-1)?.position ?? position;
  }
  const texts = await textsOf(database.queries, shown, acceptLanguage);
  return {
    page: {
      plugins: shown.map((row) => pluginOf(row, texts.get(row.number))),
      ...nextOf(query, position, isLast),
    },
    languages: [...new Set([...texts.values()].map(({ language }) => language))].sort(),
  };
}

function nextOf(query: CatalogQuery, position: Position | undefined, isLast: boolean): { next?: string } {
  return isLast || position === undefined ? {} : { next: cursorOf(query, position) };
}

type Shown = Awaited<ReturnType<typeof offersOf>>[number];

/** For each listed plugin the package that is shown of it: what is offered for the platform, or its newest. */
async function packagesShown(
  queries: StoreQueries,
  listed: readonly number[],
  platform: string | undefined,
  at: Date,
): Promise<Map<number, Shown>> {
  const shown = new Map<number, Shown>();
  if (listed.length === 0) return shown;
  for (const offer of await offersOf(queries, listed, platform, at)) {
    const known = shown.get(offer.listed);
    if (known === undefined || isShownBefore(offer, known)) shown.set(offer.listed, offer);
  }
  return shown;
}

/** An offer for this very platform before one for all others; else the newest. Both have the platform where one was asked for. */
function isShownBefore(one: Shown, other: Shown): boolean {
  if (one.version_key !== other.version_key) return one.version_key > other.version_key;
  return one.revision > other.revision;
}

function offersOf(queries: StoreQueries, listed: readonly number[], platform: string | undefined, at: Date) {
  return queries
    .selectFrom('plugins')
    .innerJoin('offers', 'offers.plugin_number', 'plugins.number')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('organizations', 'organizations.identity', 'packages.publisher')
    .where('plugins.listed', 'in', listed)
    .where('offers.expires_at', '>', at.getTime())
    .$if(platform !== undefined, (query) =>
      query.where('offers.platform', 'in', [platform ?? '', everyPlatform]),
    )
    .select([
      'plugins.listed',
      'plugins.id',
      'plugins.downloads',
      'plugins.deprecated_at',
      'plugins.deprecated_reason',
      'plugins.deprecated_successor',
      'packages.number',
      'packages.version',
      'packages.revision',
      'packages.platforms',
      'packages.categories',
      'packages.languages',
      'packages.size',
      'packages.publisher',
      'packages.publisher_name',
      'packages.icon',
      'packages.background',
      'packages.published_at',
      'releases.version_key',
      'organizations.kind as publisher_kind',
    ])
    .$narrowType<{ listed: number; published_at: number }>()
    .execute();
}

function pluginOf(row: Shown, texts: { name: string; description: string } | undefined): CatalogPlugin {
  const { id, version, size, downloads } = row;
  return {
    id,
    name: texts?.name ?? id,
    description: texts?.description ?? '',
    version,
    publisher: publisherOf(row),
    categories: JSON.parse(row.categories) as string[],
    ...platformsOf(row.platforms),
    size,
    publishedAt: new Date(row.published_at).toISOString(),
    downloads,
    ...imagesOf(row),
    ...deprecationOf(row),
  };
}
