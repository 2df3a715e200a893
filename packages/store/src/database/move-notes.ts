import { sql } from 'kysely';
import type { StoreDatabase, StoreQueries } from './database.js';

/**
 * What a move notes in the databases at both its ends. At the source: `id`, `to`, `state`. At the target: `id`, `from`, `state`, how far
 * each table is copied, and what has to be put back at the end.
 */
export type MoveNotes = ReadonlyMap<string, string>;

/** Empty where no move ever was. */
export async function readMoveNotes({ queries }: StoreDatabase): Promise<MoveNotes> {
  const tables = await queries.introspection.getTables();
  if (!tables.some(({ name }) => name === 'store_move')) return new Map();
  const { rows } = await sql<{ name: string; value: string }>`select name, value from store_move`.execute(
    queries,
  );
  return new Map(rows.map(({ name, value }) => [name, value]));
}

export async function createMoveNotes(queries: StoreQueries): Promise<void> {
  await sql`create table if not exists store_move (name text primary key, value text not null)`.execute(
    queries,
  );
}

export async function noteMove(
  queries: StoreQueries,
  notes: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(notes)) {
    await sql`insert into store_move (name, value) values (${name}, ${value})
      on conflict (name) do update set value = ${value}`.execute(queries);
  }
}

export async function dropMoveNotes(queries: StoreQueries): Promise<void> {
  await sql`drop table if exists store_move`.execute(queries);
}
