import type { StoreQueries } from '../database/database.js';

/** Texts read at a time. */
const batchSize = 500;

export interface ShownTexts {
  readonly name: string;
  readonly description: string;
}

/** The texts of packages, each in the language chosen for it. @param chosen  package number -> language */
export async function readShownTexts(
  queries: StoreQueries,
  chosen: ReadonlyMap<number, string>,
): Promise<Map<number, ShownTexts>> {
  const texts = new Map<number, ShownTexts>();
  const numbers = [...chosen.keys()];
  for (let next = 0; next < numbers.length; next += batchSize) {
    const batch = numbers.slice(next, next + batchSize);
    const languages = new Set(batch.map((number) => chosen.get(number) ?? ''));
    const rows = await queries
      .selectFrom('package_texts')
      .select(['package_number', 'language', 'name', 'description'])
      .where('package_number', 'in', batch)
      .where('language', 'in', [...languages])
      .execute();
    for (const { package_number, language, name, description } of rows)
      if (chosen.get(package_number) === language) texts.set(package_number, { name, description });
  }
  return texts;
}

/** Languages that some package has texts in; a few, however large the catalog. */
export async function readLanguages(queries: StoreQueries): Promise<string[]> {
  const rows = await queries.selectFrom('languages').select('language').orderBy('language').execute();
  return rows.map(({ language }) => language);
}
