import type { StoreQueries } from '../database/database.js';
import type { PackageImage } from './package-facts.js';
import { isNamedPlatform } from './plugin-shelf.js';
import { everyPlatform } from './refresh-plugin.js';

/** What one platform is offered of one plugin. */
export interface Offer {
  readonly plugin: number;
  readonly id: string;
  readonly package: number;
  readonly version: string;
  readonly publisherName: string;
  readonly languages: readonly string[];
  readonly icon: PackageImage | null;
  readonly background: PackageImage | null;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  readonly expiresAt: number;
}

/** Rows read at a time: between them others get their turn, also where the database answers in this thread. */
const pageSize = 500;

/**
 * What a platform is offered at an instant, page by page, each in the order of publication: first what names the platform, then what depends on
 * none.
 */
export async function* readOffers(
  queries: StoreQueries,
  platform: string,
  at: number,
): AsyncGenerator<Offer[]> {
  const named = new Set<number>();
  for await (const page of pagesOf(queries, platform)) {
    for (const { plugin } of page) named.add(plugin);
    yield page.filter(({ expiresAt }) => expiresAt > at);
  }
  if (!isNamedPlatform(platform)) return;
  for await (const page of pagesOf(queries, everyPlatform))
    yield page.filter(({ plugin, expiresAt }) => expiresAt > at && !named.has(plugin));
}

/** What a platform is offered of some plugins. */
export async function readOffersOf(
  queries: StoreQueries,
  platform: string,
  plugins: readonly number[],
  at: number,
): Promise<Offer[]> {
  const found = new Map<number, Offer>();
  const platforms = isNamedPlatform(platform) ? [platform, everyPlatform] : [platform];
  for (let next = 0; next < plugins.length; next += pageSize) {
    const rows = await selectOffers(queries)
      .select('offers.platform')
      .where('offers.plugin_number', 'in', plugins.slice(next, next + pageSize))
      .where('offers.platform', 'in', platforms)
      .execute();
    // What names the platform counts before what depends on none.
    for (const row of rows)
      if (row.platform === platform || !found.has(row.plugin_number))
        found.set(row.plugin_number, offerOf(row));
  }
  return [...found.values()].filter(({ expiresAt }) => expiresAt > at);
}

async function* pagesOf(queries: StoreQueries, platform: string): AsyncGenerator<Offer[]> {
  let [publishedAt, number] = [-1, -1];
  for (;;) {
    const rows = await selectOffers(queries)
      .where('offers.platform', '=', platform)
      .where('offers.published_at', '>=', publishedAt)
      .where((where) =>
        where.or([
          where('offers.published_at', '>', publishedAt),
          where('offers.package_number', '>', number),
        ]),
      )
      .orderBy('offers.published_at')
      .orderBy('offers.package_number')
      .limit(pageSize)
      .execute();
    yield rows.map(offerOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    [publishedAt, number] = [last.published_at, last.package_number];
  }
}

function selectOffers(queries: StoreQueries) {
  return queries
    .selectFrom('offers')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .innerJoin('plugins', 'plugins.number', 'offers.plugin_number')
    .select([
      'offers.plugin_number',
      'offers.package_number',
      'offers.published_at',
      'offers.expires_at',
      'plugins.id',
      'packages.version',
      'packages.publisher_name',
      'packages.languages',
      'packages.icon',
      'packages.background',
    ]);
}

function offerOf(
  row: Awaited<ReturnType<ReturnType<typeof selectOffers>['executeTakeFirstOrThrow']>>,
): Offer {
  return {
    plugin: row.plugin_number,
    id: row.id,
    package: row.package_number,
    version: row.version,
    publisherName: row.publisher_name,
    languages: JSON.parse(row.languages),
    icon: row.icon === null ? null : JSON.parse(row.icon),
    background: row.background === null ? null : JSON.parse(row.background),
    publishedAt: row.published_at,
    expiresAt: row.expires_at,
  };
}
