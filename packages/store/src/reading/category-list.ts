import type { CategoryList } from '@jami-plugin-store/contract';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import type { StoreQueries } from '../database/database.js';

/** Categories of what is offered for a platform, or for any, in the order of their names. */
export async function categoryList(
  queries: StoreQueries,
  platform: string | undefined,
  at: Date,
): Promise<CategoryList> {
  const rows = await queries
    .selectFrom('plugin_categories')
    .select(({ fn }) => ['category', fn.countAll<number>().as('plugins')])
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('offers')
          .select('offers.package_number')
          .whereRef('offers.plugin_number', '=', 'plugin_categories.plugin_number')
          .where('offers.expires_at', '>', at.getTime())
          .$if(platform !== undefined, (query) =>
            query.where('offers.platform', 'in', [platform ?? '', everyPlatform]),
          ),
      ),
    )
    .groupBy('category')
    .execute();
  // Not by the database: its language would decide.
  const categories = rows
    .map(({ category, plugins }) => ({ name: category, plugins: Number(plugins) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return { categories };
}
