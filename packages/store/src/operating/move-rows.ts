import { sql } from 'kysely';
import { removeDocument } from '../catalog/search-index.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import { isKeyTaken } from '../database/database-failure.js';
import { noteMove } from '../database/move-notes.js';
import { type CapturedChange, capturedChanges, forgetCaptured } from './change-capture.js';
import { type MovedTable, movedTable, movedTables } from './moved-tables.js';
import {
  deleteByKeys,
  keyOf,
  pageRows,
  putRows,
  type Row,
  type RowKey,
  readPage,
  rowsByKeys,
} from './rows.js';

export interface RowMoving {
  readonly source: StoreDatabase;
  readonly target: StoreDatabase;
  /** Plugins whose words are to be worked out anew at the target. */
  readonly changedPlugins: Set<number>;
  /** Called between steps, a few times a second; throws where the move is to end. */
  readonly step: (tell?: { readonly table: string; readonly rows: number }) => Promise<void>;
}

const isCopied = 'all';

/** Copies every table once, page by page; after a crash it goes on behind the last page that arrived. */
export async function copyTables(moving: RowMoving, notes: ReadonlyMap<string, string>): Promise<void> {
  for (const table of movedTables) {
    const position = notes.get(positionNote(table));
    if (position !== isCopied) await copyTable(moving, table, position);
  }
}

async function copyTable(moving: RowMoving, table: MovedTable, position: string | undefined): Promise<void> {
  let after = position === undefined ? undefined : (JSON.parse(position) as RowKey);
  for (let rows = 0; ; ) {
    await moving.step({ table: table.name, rows });
    const page = await readPage(moving.source.queries, table, after);
    const last = page.at(-1);
    const reached =
      last === undefined || page.length < pageRows ? isCopied : JSON.stringify(keyOf(table, last));
    try {
      await moving.target.transact(async (tx) => {
        await putRows(tx, table, page);
        await noteMove(tx, { [positionNote(table)]: reached });
      });
    } catch (error) {
      if (!isKeyTaken(error)) throw error;
      // By a row that is gone at the source: its going is among the changes.
      await carryChanges(moving);
      continue;
    }
    rows += page.length;
    if (last === undefined || reached === isCopied) return;
    after = keyOf(table, last);
  }
}

function positionNote({ name }: MovedTable): string {
  return `copied/${name}`;
}

/** Carries over what changed at the source, oldest first, until little enough comes at a time. @returns rows carried */
export async function carryChanges(moving: RowMoving): Promise<number> {
  for (let carried = 0; ; ) {
    await moving.step();
    const changes = await capturedChanges(moving.source, pageRows);
    await carry(moving, changes);
    await forgetCaptured(moving.source, changes);
    carried += changes.length;
    if (changes.length < pageRows) return carried;
  }
}

interface TableChanges {
  readonly table: MovedTable;
  readonly keys: RowKey[];
  readonly rows: Row[];
}

/** Rows as they are now, whatever became of them in between. Those that are gone go first, as others may have come in their place. */
async function carry(
  { source, target, changedPlugins }: RowMoving,
  changes: readonly CapturedChange[],
): Promise<void> {
  const byTable: TableChanges[] = [];
  for (const [name, keys] of keysByTable(changes)) {
    const table = movedTable(name);
    byTable.push({ table, keys, rows: await rowsByKeys(source.queries, source.kind, table, keys) });
  }
  if (byTable.length === 0) return;
  await target.transact(async (tx) => {
    for (const { table, keys, rows } of byTable) {
      const present = new Set(rows.map((row) => JSON.stringify(keyOf(table, row))));
      const gone = keys.filter((key) => !present.has(JSON.stringify(key)));
      if (table.name === 'plugins') await forgetWords(tx, target.kind, keys);
      await deleteByKeys(tx, target.kind, table, gone);
    }
    for (const { table, rows } of byTable) await putRows(tx, table, rows);
  });
  for (const { table, keys } of byTable)
    if (table.name === 'plugins') for (const [number] of keys) changedPlugins.add(Number(number));
}

function keysByTable(changes: readonly CapturedChange[]): Map<string, RowKey[]> {
  const keys = new Map<string, Map<string, RowKey>>();
  for (const { table, key } of changes) {
    const known = keys.get(table) ?? new Map<string, RowKey>();
    keys.set(table, known.set(JSON.stringify(key), key));
  }
  return new Map([...keys].map(([table, known]) => [table, [...known.values()]]));
}

/** A plugin's words lie at the place that it has among the listed; it may be about to get another. */
async function forgetWords(
  tx: StoreTransaction,
  kind: StoreDatabase['kind'],
  plugins: readonly RowKey[],
): Promise<void> {
  const rows = await tx
    .selectFrom('plugins')
    .select('listed')
    .where(
      'number',
      'in',
      plugins.map(([number]) => Number(number)),
    )
    .where('listed', 'is not', null)
    .execute();
  for (const { listed } of rows) if (listed !== null) await removeDocument(tx, kind, listed);
}

/** Numbers that the target gives out go on behind those that came. */
export async function setNumbers(target: StoreDatabase): Promise<void> {
  if (target.kind === 'sqlite') return;
  for (const { name, isNumbered } of movedTables) {
    if (isNumbered !== true) continue;
    await sql`select setval(pg_get_serial_sequence(${name}, 'number'),
      (select coalesce(max(number), 0) + 1 from ${sql.table(name)}), false)`.execute(target.queries);
  }
}
