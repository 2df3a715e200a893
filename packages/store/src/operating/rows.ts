import { createHash } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { DatabaseKind, StoreQueries } from '../database/database.js';
import type { MovedTable } from './moved-tables.js';

type Value = string | number | null;
/** A row of any table. */
export type Row = Readonly<Record<string, Value>>;
/** Values of a primary key, in the order of the table's `key`. */
export type RowKey = readonly (string | number)[];

/** How many rows a table has, and a sum over all of them that tells one set of rows from another. */
export interface TableFacts {
  readonly rows: number;
  /** Hex. */
  readonly digest: string;
}

/** Rows read or written at a time. */
export const pageRows = 500;

/** The next rows in the order of their keys. */
export async function readPage(
  queries: StoreQueries,
  { name, key }: MovedTable,
  after: RowKey | undefined,
): Promise<Row[]> {
  let query = anyTable(queries).selectFrom(name).selectAll();
  for (const column of key) query = query.orderBy(column);
  if (after !== undefined) query = query.where(sql<boolean>`(${columnsOf(key)}) > (${sql.join([...after])})`);
  return await query.limit(pageRows).execute();
}

export function keyOf({ key }: MovedTable, row: Row): RowKey {
  return key.map((column) => row[column] as string | number);
}

/** Writes rows as they are, also over those that have their keys. */
export async function putRows(
  queries: StoreQueries,
  { name, key }: MovedTable,
  rows: readonly Row[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const others = Object.keys(first).filter((column) => !key.includes(column));
  await anyTable(queries)
    .insertInto(name)
    .values([...rows])
    .onConflict((conflict) => {
      const same = conflict.columns([...key]);
      if (others.length === 0) return same.doNothing();
      return same.doUpdateSet((builder) =>
        Object.fromEntries(others.map((column) => [column, builder.ref(`excluded.${column}`)])),
      );
    })
    .execute();
}

export async function rowsByKeys(
  queries: StoreQueries,
  kind: DatabaseKind,
  table: MovedTable,
  keys: readonly RowKey[],
): Promise<Row[]> {
  if (keys.length === 0) return [];
  return await anyTable(queries)
    .selectFrom(table.name)
    .selectAll()
    .where(isOneOf(kind, table, keys))
    .execute();
}

export async function deleteByKeys(
  queries: StoreQueries,
  kind: DatabaseKind,
  table: MovedTable,
  keys: readonly RowKey[],
): Promise<void> {
  if (keys.length === 0) return;
  await anyTable(queries)
    .deleteFrom(table.name)
    .where(isOneOf(kind, table, keys))
    .execute();
}

export async function deleteAllRows(queries: StoreQueries, { name }: MovedTable): Promise<void> {
  await anyTable(queries).deleteFrom(name).execute();
}

export async function hasRows(queries: StoreQueries, { name }: MovedTable): Promise<boolean> {
  const found = await anyTable(queries).selectFrom(name).selectAll().limit(1).executeTakeFirst();
  return found !== undefined;
}

/** Counts a table's rows and sums them up. The two databases order texts differently, so the sum does not depend on the order. */
export async function readFacts(
  queries: StoreQueries,
  table: MovedTable,
  signal?: AbortSignal,
): Promise<TableFacts> {
  let [rows, sum] = [0, 0n];
  for (let after: RowKey | undefined; ; ) {
    signal?.throwIfAborted();
    const page = await readPage(queries, table, after);
    for (const row of page) sum += numberOf(row);
    rows += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) break;
    after = keyOf(table, last);
  }
  return { rows, digest: BigInt.asUintN(256, sum).toString(16).padStart(64, '0') };
}

/** A row as a number of 256 bits. */
function numberOf(row: Row): bigint {
  const names = Object.keys(row).sort();
  const text = JSON.stringify(names.map((name) => [name, row[name]]));
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
}

/** SQLite knows no lists of rows but as a table; PostgreSQL takes the types of such a table's columns for text. */
function isOneOf(kind: DatabaseKind, { key }: MovedTable, keys: readonly RowKey[]): RawBuilder<boolean> {
  const rows = sql.join(keys.map((values) => sql`(${sql.join([...values])})`));
  const list = kind === 'sqlite' && key.length > 1 ? sql`values ${rows}` : rows;
  return sql<boolean>`(${columnsOf(key)}) in (${list})`;
}

function columnsOf(key: readonly string[]): RawBuilder<unknown> {
  return sql.join(key.map((column) => sql.ref(column)));
}

/** The same queries, for a table and columns known only when they run. */
function anyTable(queries: StoreQueries): Kysely<Record<string, Record<string, Value>>> {
  return queries as unknown as Kysely<Record<string, Record<string, Value>>>;
}
