import { sql } from 'kysely';
import { lockPlugin, refreshPlugin } from '../catalog/refresh-plugin.js';
import { removeDocument } from '../catalog/search-index.js';
import { placeIn } from '../catalog/search-match.js';
import { isServable } from '../catalog/servable.js';
import type { Checking } from './check-store.js';
import { describeAnew } from './search-rebuild.js';

/** What is offered and found, against what it is worked out from; and the database itself. */
export async function checkCatalog(checking: Checking): Promise<void> {
  await checkFile(checking);
  await checkOffers(checking);
  await checkWords(checking);
}

/** PostgreSQL looks after its files, and lets no row refer to nothing. */
async function checkFile({ data: { database }, tell }: Checking): Promise<void> {
  if (database.kind === 'postgresql') return;
  const damaged = (message: string): void =>
    tell({ code: 'DATABASE_DAMAGED', subject: database.place, message, repaired: false });
  const file = await sql<{ integrity_check: string }>`pragma integrity_check(10)`.execute(database.queries);
  for (const { integrity_check } of file.rows) if (integrity_check !== 'ok') damaged(integrity_check);
  const rows = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(
    database.queries,
  );
  for (const { table, parent } of rows.rows)
    damaged(`a row of ${table} refers to one of ${parent} that is not there`);
}

/** Offers of what must not be offered, and plugins with something to offer that are not listed. */
async function checkOffers({ data: { database }, clock, repair, tell }: Checking): Promise<void> {
  const { queries, kind } = database;
  const wrong = await queries
    .selectFrom('offers')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('plugins', 'plugins.number', 'offers.plugin_number')
    .select(['plugins.number', 'plugins.id'])
    .distinct()
    .where((or) =>
      or.or([
        or.not(isServable()),
        or('releases.yanked_at', 'is not', null),
        or('packages.plugin_number', '!=', or.ref('offers.plugin_number')),
      ]),
    )
    .execute();
  const unlisted = await queries
    .selectFrom('plugins')
    .innerJoin('packages', 'packages.plugin_number', 'plugins.number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .select(['plugins.number', 'plugins.id'])
    .distinct()
    .where('plugins.listed', 'is', null)
    .where(isServable())
    .where('packages.expires_at', '>', clock().getTime())
    .where('releases.yanked_at', 'is', null)
    .execute();
  for (const { number, id } of [...wrong, ...unlisted]) {
    if (repair) {
      await database.transact(async (tx) => {
        await lockPlugin(tx, kind, number);
        await refreshPlugin(tx, kind, number, clock());
      });
    }
    tell({
      code: 'OFFERS_WRONG',
      subject: id,
      message: 'what is offered of it is not what can be',
      repaired: repair,
    });
  }
}

async function checkWords({ data: { database }, repair, tell }: Checking): Promise<void> {
  const { queries, kind } = database;
  const place = placeIn(kind);
  const without = await sql<{ number: number; id: string }>`select number, id from plugins
    where listed is not null and listed not in (select ${place} from plugin_search)`.execute(queries);
  for (const { number, id } of without.rows) {
    if (repair) await describeAnew(database, [number]);
    tell({ code: 'WORDS_WRONG', subject: id, message: 'no search finds it', repaired: repair });
  }
  const over = await sql<{ place: number }>`select ${place} as place from plugin_search
    where ${place} not in (select listed from plugins where listed is not null)`.execute(queries);
  for (const row of over.rows) {
    if (repair) await database.transact((tx) => removeDocument(tx, kind, row.place));
    const subject = `words at ${row.place}`;
    tell({ code: 'WORDS_WRONG', subject, message: 'they are of no plugin', repaired: repair });
  }
}
