import { type RawBuilder, sql } from 'kysely';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import { movedMessage, movedState } from '../database/database-failure.js';
import { leftTables, type MovedTable, movedTables } from './moved-tables.js';
import type { RowKey } from './rows.js';

/** A row that was written or deleted at the source; what it is now is in the table. */
export interface CapturedChange {
  readonly sequence: number;
  readonly table: string;
  readonly key: RowKey;
}

const operations = ['insert', 'update', 'delete'] as const;

/** Has the database itself note which rows change, whichever process changes them. */
export async function beginCapture(tx: StoreTransaction, kind: StoreDatabase['kind']): Promise<void> {
  await endCapture(tx, kind);
  if (kind === 'sqlite') {
    await sql`create table store_move_log (
      sequence integer primary key autoincrement, table_name text not null, row_key text not null)`.execute(
      tx,
    );
    for (const table of movedTables) await captureInSqlite(tx, table);
    return;
  }
  await sql`create table store_move_log (
    sequence bigint generated always as identity primary key, table_name text not null, row_key text not null)`.execute(
    tx,
  );
  await sql`create function store_move_capture() returns trigger language plpgsql as $$
    declare key text;
    begin
      if tg_op <> 'INSERT' then
        select json_agg(to_jsonb(old) -> name order by place)::text into key
          from unnest(tg_argv) with ordinality as columns (name, place);
        insert into store_move_log (table_name, row_key) values (tg_table_name, key);
      end if;
      if tg_op <> 'DELETE' then
        select json_agg(to_jsonb(new) -> name order by place)::text into key
          from unnest(tg_argv) with ordinality as columns (name, place);
        insert into store_move_log (table_name, row_key) values (tg_table_name, key);
      end if;
      return null;
    end $$`.execute(tx);
  for (const { name, key } of movedTables) {
    await sql`create trigger store_move_capture after insert or update or delete on ${sql.table(name)}
      for each row execute function store_move_capture(${sql.join(key.map((column) => sql.lit(column)))})`.execute(
      tx,
    );
  }
}

async function captureInSqlite(tx: StoreTransaction, { name, key }: MovedTable): Promise<void> {
  const note = (row: 'old' | 'new'): RawBuilder<unknown> =>
    sql`insert into store_move_log (table_name, row_key)
      values (${sql.lit(name)}, json_array(${sql.join(key.map((column) => sql.ref(`${row}.${column}`)))}));`;
  const notes = { insert: note('new'), update: sql`${note('old')} ${note('new')}`, delete: note('old') };
  for (const operation of operations) {
    await sql`create trigger ${triggerName('capture', name, operation)}
      after ${sql.raw(operation)} on ${sql.table(name)} begin ${notes[operation]} end`.execute(tx);
  }
}

export async function endCapture(tx: StoreTransaction, kind: StoreDatabase['kind']): Promise<void> {
  if (kind === 'sqlite') {
    for (const { name } of movedTables)
      for (const operation of operations)
        await sql`drop trigger if exists ${triggerName('capture', name, operation)}`.execute(tx);
  } else {
    await sql`drop function if exists store_move_capture() cascade`.execute(tx);
  }
  await sql`drop table if exists store_move_log`.execute(tx);
}

/** The oldest changes not carried over yet. */
export async function capturedChanges({ queries }: StoreDatabase, limit: number): Promise<CapturedChange[]> {
  const { rows } = await sql<{ sequence: number; table_name: string; row_key: string }>`
    select sequence, table_name, row_key from store_move_log order by sequence limit ${limit}`.execute(
    queries,
  );
  return rows.map(({ sequence, table_name, row_key }) => ({
    sequence,
    table: table_name,
    key: JSON.parse(row_key) as RowKey,
  }));
}

/** Each by its number: one with a lower number may still come, from a transaction that takes longer. */
export async function forgetCaptured(
  database: StoreDatabase,
  changes: readonly CapturedChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const numbers = sql.join(changes.map(({ sequence }) => sequence));
  await database.transact((tx) => sql`delete from store_move_log where sequence in (${numbers})`.execute(tx));
}

/** Has the database refuse every change, by whichever process; all that was begun before has then ended. Reading goes on. */
export async function freeze(tx: StoreTransaction, kind: StoreDatabase['kind']): Promise<void> {
  await thaw(tx, kind);
  if (kind === 'postgresql') {
    await sql`create function store_moved() returns trigger language plpgsql as $$
      begin raise exception using errcode = ${sql.lit(movedState)}, message = ${sql.lit(movedMessage)}; end $$`.execute(
      tx,
    );
  }
  for (const name of frozenTables) {
    if (kind === 'postgresql') {
      await sql`create trigger store_moved before insert or update or delete on ${sql.table(name)}
        for each statement execute function store_moved()`.execute(tx);
      continue;
    }
    for (const operation of operations) {
      await sql`create trigger ${triggerName('moved', name, operation)} before ${sql.raw(operation)}
        on ${sql.table(name)} begin select raise(abort, ${sql.lit(movedMessage)}); end`.execute(tx);
    }
  }
}

export async function thaw(tx: StoreTransaction, kind: StoreDatabase['kind']): Promise<void> {
  if (kind === 'postgresql') {
    await sql`drop function if exists store_moved() cascade`.execute(tx);
    return;
  }
  for (const name of frozenTables)
    for (const operation of operations)
      await sql`drop trigger if exists ${triggerName('moved', name, operation)}`.execute(tx);
}

/** A virtual table takes no triggers; nothing changes in the search without a change of `plugins`. */
const frozenTables = [
  ...movedTables.map(({ name }) => name),
  ...leftTables.filter((name) => name !== 'plugin_search'),
];

function triggerName(what: 'capture' | 'moved', table: string, operation: string): RawBuilder<unknown> {
  return sql.id(`store_move_${what}_${table}_${operation}`);
}
