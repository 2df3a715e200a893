import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { StoreDatabase } from '../database/database.js';
import { migrateToNewest } from '../database/migrate.js';
import { dropMoveNotes } from '../database/move-notes.js';
import { connectDatabase, sqliteFileName } from '../database/open-database.js';
import { endCapture, thaw } from './change-capture.js';
import { assertEqual } from './move-store.js';
import { type MovedTable, movedTables } from './moved-tables.js';
import { keyOf, pageRows, putRows, type RowKey, readFacts, readPage, type TableFacts } from './rows.js';
import { rebuildSearch } from './search-rebuild.js';
import { malformed } from './tar-archive.js';

/** What a backup says of itself, in a table of its database. */
export interface BackupFacts {
  readonly format: 1;
  readonly createdAt: string;
  /** Where the store was. */
  readonly from: string;
  readonly tables: Readonly<Record<string, TableFacts>>;
}

/**
 * Copies a store's rows, as they are at one instant, into a SQLite file of that folder, also while it is served. Unfinished uploads stay
 * out: their pieces are not backed up.
 * @returns what the copy holds; the file is whole, and on the disk
 */
export async function copyDatabase(
  source: StoreDatabase,
  folder: string,
  at: Date,
  signal: AbortSignal,
): Promise<BackupFacts> {
  const file = join(folder, sqliteFileName);
  if (source.kind === 'sqlite') {
    await sql`vacuum into ${file}`.execute(source.queries);
    // Its bytes; what comes now is as durable as any transaction.
    await using written = await open(file);
    await written.sync();
  }
  await using copy = await connectDatabase({ dataDir: folder, enforceForeignKeys: false });
  if (source.kind === 'sqlite') await takeMoveOut(copy);
  else await copyRows(source, copy, signal);
  await copy.transact(async (tx) => {
    for (const table of ['upload_parts', 'uploads', 'leases'] as const) await tx.deleteFrom(table).execute();
  });
  const tables: Record<string, TableFacts> = {};
  for (const table of movedTables) tables[table.name] = await readFacts(copy.queries, table, signal);
  const facts: BackupFacts = { format: 1, createdAt: at.toISOString(), from: source.place, tables };
  await sql`create table store_backup (facts text not null)`.execute(copy.queries);
  await sql`insert into store_backup (facts) values (${JSON.stringify(facts)})`.execute(copy.queries);
  // Into the one file: that is what is copied from here.
  await sql`pragma wal_checkpoint(truncate)`.execute(copy.queries);
  return facts;
}

/** A store that is being moved has what belongs to that in its database. */
async function takeMoveOut(copy: StoreDatabase): Promise<void> {
  await copy.transact(async (tx) => {
    await thaw(tx, copy.kind);
    await endCapture(tx, copy.kind);
    await dropMoveNotes(tx);
  });
}

async function copyRows(source: StoreDatabase, copy: StoreDatabase, signal: AbortSignal): Promise<void> {
  await migrateToNewest(copy);
  await source.snapshot(async (queries) => {
    for (const table of movedTables) {
      for (let after: RowKey | undefined; ; ) {
        signal.throwIfAborted();
        const page = await readPage(queries, table, after);
        await copy.transact((tx) => putRows(tx, table, page));
        const last = page.at(-1);
        if (last === undefined || page.length < pageRows) break;
        after = keyOf(table, last);
      }
    }
  });
  await rebuildSearch(copy, { signal });
}

/**
 * Reads what a backup says of itself and holds its rows against that.
 * @throws {StoreError} BACKUP_MALFORMED
 */
export async function readBackup(database: StoreDatabase, signal: AbortSignal): Promise<BackupFacts> {
  const facts = await statedFacts(database);
  for (const [name, expected] of Object.entries(facts.tables)) {
    const table: MovedTable | undefined = movedTables.find((known) => known.name === name);
    if (table === undefined) throw malformed(`it has a table ${name} that this version does not know`);
    try {
      assertEqual(name, expected, await readFacts(database.queries, table, signal));
    } catch (cause) {
      throw malformed(`its table ${name} is not as it was backed up`, cause);
    }
  }
  return facts;
}

async function statedFacts({ queries }: StoreDatabase): Promise<BackupFacts> {
  let text: string | undefined;
  try {
    const { rows } = await sql<{ facts: string }>`select facts from store_backup`.execute(queries);
    text = rows[0]?.facts;
  } catch (cause) {
    throw malformed('its database is none of a backup', cause);
  }
  const facts = JSON.parse(text ?? '{}') as BackupFacts;
  if (facts.format !== 1) throw malformed('its format is not one that this version knows');
  return facts;
}
