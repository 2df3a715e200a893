import type { Selectable } from 'kysely';
import { assertConcerns, type Caller } from '../access/caller.js';
import { lockPlugin } from '../catalog/refresh-plugin.js';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';

export type PluginRow = Selectable<StoreTables['plugins']>;

/**
 * A plugin that the caller may change, held until the transaction ends.
 * @throws {StoreError} PLUGIN_NOT_FOUND | ORGANIZATION_FOREIGN
 */
export async function holdPlugin(
  tx: StoreTransaction,
  kind: DatabaseKind,
  caller: Caller,
  id: string,
): Promise<PluginRow> {
  const number = await tx
    .selectFrom('plugins')
    .select('number')
    .where('id_key', '=', id.toLowerCase())
    .executeTakeFirst();
  if (number === undefined) throw notFound(id);
  await lockPlugin(tx, kind, number.number);
  const row = await tx
    .selectFrom('plugins')
    .selectAll()
    .where('number', '=', number.number)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound(id);
  assertConcerns(caller, row.owner, `The plugin ${row.id}`);
  return row;
}

function notFound(id: string): StoreError {
  return new StoreError('PLUGIN_NOT_FOUND', `This store has no plugin ${id}.`);
}

export async function nameOfOrganization(
  tx: StoreTransaction,
  identity: string,
): Promise<string | undefined> {
  const row = await tx
    .selectFrom('organizations')
    .select('name')
    .where('identity', '=', identity)
    .executeTakeFirst();
  return row?.name;
}
