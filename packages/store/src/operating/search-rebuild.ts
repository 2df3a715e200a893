import { sql } from 'kysely';
import { describePlugin } from '../catalog/describe-plugin.js';
import { writeDocument } from '../catalog/search-index.js';
import type { StoreDatabase } from '../database/database.js';

/** Plugins described in one transaction. */
const pagePlugins = 200;

/** Works the words of every listed plugin out anew; what was there goes. */
export async function rebuildSearch(
  database: StoreDatabase,
  {
    signal,
    onDone,
  }: { signal?: AbortSignal | undefined; onDone?: ((done: number) => void) | undefined } = {},
): Promise<number> {
  await database.transact((tx) =>
    database.kind === 'sqlite'
      ? sql`insert into plugin_search (plugin_search) values ('delete-all')`.execute(tx)
      : sql`delete from plugin_search`.execute(tx),
  );
  let done = 0;
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const page = await database.queries
      .selectFrom('plugins')
      .select('number')
      .where('listed', 'is not', null)
      .where('number', '>', after)
      .orderBy('number')
      .limit(pagePlugins)
      .execute();
    await describeAnew(
      database,
      page.map(({ number }) => number),
    );
    done += page.length;
    onDone?.(done);
    const last = page.at(-1);
    if (last === undefined) return done;
    after = last.number;
  }
}

/** The words of some plugins; those of places they had before are somebody else's to remove. */
export async function describeAnew(database: StoreDatabase, plugins: readonly number[]): Promise<void> {
  if (plugins.length === 0) return;
  await database.transact(async (tx) => {
    const rows = await tx
      .selectFrom('plugins')
      .select(['number', 'newest_package', 'listed'])
      .where('number', 'in', [...plugins])
      .execute();
    for (const { number, newest_package, listed } of rows) {
      if (newest_package === null || listed === null) continue;
      const { document } = await describePlugin(tx, number, newest_package);
      await writeDocument(tx, database.kind, listed, document);
    }
  });
}
