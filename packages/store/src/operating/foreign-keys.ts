import { sql } from 'kysely';
import type { StoreDatabase } from '../database/database.js';
import { noteMove } from '../database/move-notes.js';
import { StoreError } from '../error.js';

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** Where a move keeps PostgreSQL's foreign keys while they are off. */
const note = 'foreign-keys';

/**
 * Lets rows come before those they refer to: a table is copied after the other while both change. SQLite's connection was opened so; in
 * PostgreSQL the keys are taken off, and noted, so that whoever goes on after a crash puts them back.
 */
export async function takeForeignKeysOff(database: StoreDatabase): Promise<void> {
  if (database.kind === 'sqlite') return;
  await database.transact(async (tx) => {
    const { rows } = await sql<ForeignKey>`select conrelid::regclass::text as "table", conname as name,
      pg_get_constraintdef(oid) as definition from pg_constraint
      where contype = 'f' and connamespace = current_schema()::regnamespace`.execute(tx);
    if (rows.length === 0) return;
    await noteMove(tx, { [note]: JSON.stringify(rows) });
    for (const { table, name } of rows)
      await sql`alter table ${sql.table(table)} drop constraint ${sql.id(name)}`.execute(tx);
  });
}

/**
 * Every row refers to one that is there, from now on and now.
 * @throws {StoreError} MOVE_NOT_VERIFIED
 */
export async function putForeignKeysBack(
  database: StoreDatabase,
  notes: ReadonlyMap<string, string>,
): Promise<void> {
  const { kind, queries } = database;
  if (kind === 'sqlite') {
    const { rows } = await sql<{ table: string }>`pragma foreign_key_check`.execute(queries);
    if (rows.length > 0) throw dangling(rows[0]?.table ?? '', undefined);
    return;
  }
  const keys = JSON.parse(notes.get(note) ?? '[]') as ForeignKey[];
  await database.transact(async (tx) => {
    for (const { table, name, definition } of keys) {
      try {
        await sql`alter table ${sql.table(table)} add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(
          tx,
        );
      } catch (cause) {
        const isDangling = cause instanceof Error && 'code' in cause && cause.code === '23503';
        throw isDangling ? dangling(table, cause) : cause;
      }
    }
    await sql`delete from store_move where name = ${note}`.execute(tx);
  });
}

function dangling(table: string, cause: unknown): StoreError {
  return new StoreError('MOVE_NOT_VERIFIED', `A row of ${table} refers to one that is not there.`, { cause });
}
