import type { CatalogOrganization } from '@jami-plugin-store/contract';
import type { StoreQueries } from '../database/database.js';
import { StoreError } from '../error.js';

/** @throws {StoreError} ORGANIZATION_NOT_FOUND also where it has published nothing: who only asks to is nobody's business */
export async function organizationFacts(queries: StoreQueries, id: string): Promise<CatalogOrganization> {
  const found = await queries
    .selectFrom('organizations')
    .select(['name', 'created_at'])
    .where('identity', '=', id)
    .where('kind', '=', 'organization')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('plugins')
          .innerJoin('releases', 'releases.plugin_number', 'plugins.number')
          .select('plugins.number')
          .where('plugins.owner', '=', id)
          .where('releases.published_at', 'is not', null),
      ),
    )
    .executeTakeFirst();
  if (found === undefined)
    throw new StoreError('ORGANIZATION_NOT_FOUND', 'No organization of that id has published anything here.');
  const { plugins } = await queries
    .selectFrom('plugins')
    .select(({ fn }) => fn.countAll<number>().as('plugins'))
    .where('owner', '=', id)
    .where('listed', 'is not', null)
    .executeTakeFirstOrThrow();
  return {
    organization: id,
    name: found.name,
    since: new Date(found.created_at).toISOString(),
    plugins: Number(plugins),
  };
}
