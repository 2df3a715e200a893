import { fallbackLanguage } from '@jami-plugin-store/jpl';
import type { StoreQueries } from '../database/database.js';
import { filterWord, type SearchDocument } from './search-index.js';
import { fold, wordsOf, wordsOfName } from './search-words.js';

export interface PluginDescription {
  /** For ordering by name. */
  readonly nameKey: string;
  readonly categories: readonly string[];
  readonly document: SearchDocument;
}

/** Characters of a name that decide its place; where they are equal, who was first comes first. */
const maxNameKey = 64;
/** Words kept of all descriptions of one plugin together. */
const maxDescriptionWords = 20_000;

/** What a listed plugin is found and ordered by: the texts of its newest package, its owner, and what it is offered for. */
export async function describePlugin(
  queries: StoreQueries,
  plugin: number,
  newestPackage: number,
): Promise<PluginDescription> {
  const { id, owner, categories } = await queries
    .selectFrom('plugins')
    .innerJoin('packages', (join) => join.on('packages.number', '=', newestPackage))
    .select(['plugins.id', 'plugins.owner', 'packages.categories'])
    .where('plugins.number', '=', plugin)
    .executeTakeFirstOrThrow();
  const { name: publisher } = await queries
    .selectFrom('organizations')
    .select('name')
    .where('identity', '=', owner)
    .executeTakeFirstOrThrow();
  const offers = await queries
    .selectFrom('offers')
    .select('platform')
    .where('plugin_number', '=', plugin)
    .execute();
  const texts = await queries
    .selectFrom('package_texts')
    .select(['language', 'name', 'description'])
    .where('package_number', '=', newestPackage)
    .orderBy('language')
    .execute();
  const shown = texts.find(({ language }) => language === fallbackLanguage) ?? texts[0];
  const listOfCategories = JSON.parse(categories) as string[];
  return {
    nameKey: [...fold(shown?.name ?? id)].slice(0, maxNameKey).join(''),
    categories: listOfCategories,
    document: {
      title: [id, ...texts.map(({ name }) => name)].flatMap(wordsOfName),
      publisher: wordsOf(publisher),
      description: texts.flatMap(({ description }) => wordsOf(description)).slice(0, maxDescriptionWords),
      filters: [
        ...offers.map(({ platform }) => filterWord('platform', platform)),
        ...listOfCategories.map((category) => filterWord('category', category)),
        filterWord('organization', owner),
      ],
    },
  };
}
