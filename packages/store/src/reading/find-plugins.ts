import type { CatalogSort } from '@jami-plugin-store/contract';
import { type RawBuilder, sql } from 'kysely';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import { filterWord } from '../catalog/search-index.js';
import { matches, placeIn, type SearchMatch } from '../catalog/search-match.js';
import { fold, wantedWords } from '../catalog/search-words.js';
import type { StoreDatabase } from '../database/database.js';
import type { Position } from './search-cursor.js';

export interface PluginWish {
  readonly text: string;
  readonly platform: string | undefined;
  readonly category: string | undefined;
  readonly organization: string | undefined;
  readonly sort: CatalogSort;
}

/** One plugin found, by its place among the listed. */
export interface Hit {
  readonly listed: number;
  readonly position: Position;
}

/** Plugins whose id or whole name is the text, shown before all others. */
const maxExact = 20;

/** Those that come next in the order wished for, after a position; fewer than `count` where there are no more. */
export async function findPlugins(
  database: StoreDatabase,
  wish: PluginWish,
  after: Position | undefined,
  count: number,
): Promise<Hit[]> {
  const words = wantedWords(wish.text);
  // A text without a letter or digit asks for nothing that is there.
  if (words.length === 0 && wish.text.trim() !== '') return [];
  const match = { words, within: 'anywhere', isWhole: false, filters: filtersOf(wish) } as const;
  if (wish.sort === 'name') return await byName(database, wish, match, after, count);
  if (wish.sort === 'downloads') return await byDownloads(database, wish, match, after, count);
  if (wish.sort === 'newest' || words.length === 0) return await byPlace(database, wish, match, after, count);
  return await byRelevance(database, wish, match, after, count);
}

function filtersOf({ platform, category, organization }: PluginWish): string[][] {
  return [
    ...(platform === undefined
      ? []
      : [[filterWord('platform', platform), filterWord('platform', everyPlatform)]]),
    ...(category === undefined ? [] : [[filterWord('category', category)]]),
    ...(organization === undefined ? [] : [[filterWord('organization', organization)]]),
  ];
}

const asksNothing = ({ words, filters }: SearchMatch): boolean => words.length === 0 && filters.length === 0;

/** Places among the listed below one, the latest publication first. */
async function placesBelow(
  { kind, queries }: StoreDatabase,
  match: SearchMatch,
  butNot: readonly SearchMatch[],
  below: number,
  count: number,
): Promise<number[]> {
  if (asksNothing(match)) {
    const rows = await queries
      .selectFrom('plugins')
      .select('listed')
      .where('listed', '<', below)
      .orderBy('listed', 'desc')
      .limit(count)
      .$narrowType<{ listed: number }>()
      .execute();
    return rows.map(({ listed }) => listed);
  }
  const place = placeIn(kind);
  const { rows } = await sql<{ listed: number }>`
    select ${place} as listed from plugin_search
    where ${matches(kind, match, butNot)} and ${place} < ${below}
    order by ${place} desc limit ${count}`.execute(queries);
  return rows.map(({ listed }) => listed);
}

const beyondAll = Number.MAX_SAFE_INTEGER;

async function byPlace(
  database: StoreDatabase,
  { sort }: PluginWish,
  match: SearchMatch,
  after: Position | undefined,
  count: number,
): Promise<Hit[]> {
  const below = after !== undefined && 'listed' in after ? after.listed : beyondAll;
  const places = await placesBelow(database, match, [], below, count);
  const positionAt = (listed: number): Position =>
    sort === 'relevance' ? { sort, tier: 0, listed } : { sort: 'newest', listed };
  return places.map((listed) => ({ listed, position: positionAt(listed) }));
}

/**
 * In tiers, within each the latest publication first: the text is the id or the whole name · all its words are in id and names · all begin
 * words of id and names · all begin words anywhere. The same in every database, and each tier is read from where the page before ended, so
 * a word that is in every plugin takes no longer than one that is in few.
 */
async function byRelevance(
  database: StoreDatabase,
  wish: PluginWish,
  match: SearchMatch,
  after: Position | undefined,
  count: number,
): Promise<Hit[]> {
  const start = after?.sort === 'relevance' ? after : { tier: 0, listed: beyondAll };
  const exact = await exactly(database, wish, match);
  const whole = { ...match, within: 'title', isWhole: true } as const;
  const title = { ...match, within: 'title' } as const;
  const tiers: [SearchMatch, SearchMatch[]][] = [
    [whole, []],
    [title, [whole]],
    [match, [title]],
  ];
  const hitAt = (tier: number, listed: number): Hit => ({
    listed,
    position: { sort: 'relevance', tier, listed },
  });
  const hits =
    start.tier === 0 ? exact.filter((listed) => listed < start.listed).map((listed) => hitAt(0, listed)) : [];
  for (const [index, [wanted, butNot]] of tiers.entries()) {
    const tier = index + 1;
    if (hits.length >= count || tier < start.tier) continue;
    const below = tier === start.tier ? start.listed : beyondAll;
    const missing = count - hits.length + exact.length;
    const places = await placesBelow(database, wanted, butNot, below, missing);
    hits.push(...places.filter((listed) => !exact.includes(listed)).map((listed) => hitAt(tier, listed)));
  }
  return hits.slice(0, count);
}

async function exactly(database: StoreDatabase, { text }: PluginWish, match: SearchMatch): Promise<number[]> {
  // PostgreSQL has no U+0000 in its texts, and names have no control characters.
  const asked = text.replace(/\p{Cc}/gu, ' ').trim();
  const rows = await database.queries
    .selectFrom('plugins')
    .select('listed')
    .where((or) => or.or([or('id_key', '=', asked.toLowerCase()), or('name_key', '=', fold(asked))]))
    .where('listed', 'is not', null)
    .orderBy('listed', 'desc')
    .limit(maxExact)
    .$narrowType<{ listed: number }>()
    .execute();
  const places = rows.map(({ listed }) => listed);
  if (places.length === 0 || match.filters.length === 0) return places;
  return await admitted(database, { ...match, words: [] }, places);
}

/** Those of some places that match. */
async function admitted(
  { kind, queries }: StoreDatabase,
  match: SearchMatch,
  places: readonly number[],
): Promise<number[]> {
  const place = placeIn(kind);
  const { rows } = await sql<{ listed: number }>`
    select ${place} as listed from plugin_search
    where ${matches(kind, match)} and ${place} in (${sql.join(places)})
    order by ${place} desc`.execute(queries);
  return rows.map(({ listed }) => listed);
}

async function byName(
  database: StoreDatabase,
  wish: PluginWish,
  match: SearchMatch,
  after: Position | undefined,
  count: number,
): Promise<Hit[]> {
  const start = after?.sort === 'name' ? after : { nameKey: '', number: 0 };
  const rows = await inOrder<{ listed: number; name_key: string; number: number }>(
    database,
    wish,
    match,
    sql`plugins.name_key`,
    sql<boolean>`(plugins.name_key, plugins.number) > (${start.nameKey}, ${start.number})`,
    sql`plugins.name_key, plugins.number`,
    count,
  );
  return rows.map(({ listed, name_key: nameKey, number }) => ({
    listed,
    position: { sort: 'name', nameKey, number },
  }));
}

async function byDownloads(
  database: StoreDatabase,
  wish: PluginWish,
  match: SearchMatch,
  after: Position | undefined,
  count: number,
): Promise<Hit[]> {
  const start = after?.sort === 'downloads' ? after : { downloads: beyondAll, number: beyondAll };
  const rows = await inOrder<{ listed: number; downloads: number; number: number }>(
    database,
    wish,
    match,
    sql`plugins.downloads`,
    sql<boolean>`(plugins.downloads, plugins.number) < (${start.downloads}, ${start.number})`,
    sql`plugins.downloads desc, plugins.number desc`,
    count,
  );
  return rows.map(({ listed, downloads, number }) => ({
    listed,
    position: { sort: 'downloads', downloads, number },
  }));
}

/** So many matches are found among the first few hundred of any order; fewer are sorted more quickly than looked for. */
const many = 3_000;

/** Listed plugins that match, in an order that `plugins` has an index for. */
async function inOrder<Row>(
  database: StoreDatabase,
  wish: PluginWish,
  match: SearchMatch,
  key: RawBuilder<unknown>,
  isAfter: RawBuilder<boolean>,
  order: RawBuilder<unknown>,
  count: number,
): Promise<Row[]> {
  const { kind, queries } = database;
  const columns = sql`plugins.listed, ${key}, plugins.number`;
  if (asksNothing(match) || (match.words.length === 0 && (await areMany(database, match)))) {
    const { rows } = await sql<Row>`
      select ${columns} from plugins where plugins.listed is not null and ${isAfter} ${conditionsOf(wish)}
      order by ${order} limit ${count}`.execute(queries);
    return rows;
  }
  // SQLite takes `cross join` for the order in which to look: the index of words first.
  const { rows } = await sql<Row>`
    select ${columns} from plugin_search cross join plugins
    where plugins.listed = ${placeIn(kind)} and ${matches(kind, match)} and ${isAfter}
    order by ${order} limit ${count}`.execute(queries);
  return rows;
}

async function areMany({ kind, queries }: StoreDatabase, match: SearchMatch): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from (
      select ${placeIn(kind)} from plugin_search where ${matches(kind, match)} limit ${many}
    ) as counted`.execute(queries);
  return Number(rows[0]?.found) >= many;
}

/** What a wish without words asks for, of rows of `plugins`. */
function conditionsOf({ platform, category, organization }: PluginWish): RawBuilder<unknown> {
  const conditions = [
    ...(platform === undefined
      ? []
      : [
          sql`and exists (select 1 from offers where offers.plugin_number = plugins.number
            and offers.platform in (${platform}, ${everyPlatform}))`,
        ]),
    ...(category === undefined
      ? []
      : [
          sql`and exists (select 1 from plugin_categories where plugin_categories.plugin_number = plugins.number
            and plugin_categories.category = ${category})`,
        ]),
    ...(organization === undefined ? [] : [sql`and plugins.owner = ${organization}`]),
  ];
  return sql.join(conditions, sql` `);
}
