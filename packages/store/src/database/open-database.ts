import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { StoreError } from '../error.js';
import type { DatabaseKind, StoreDatabase, StoreTransaction } from './database.js';
import { databaseFailureOf, isInTheWay } from './database-failure.js';
import { migrateToNewest } from './migrate.js';
import { readMoveNotes } from './move-notes.js';
import type { StoreTables } from './tables.js';
import { Turns } from './turns.js';

export interface DatabaseOptions {
  /** Where `store.sqlite` lies when no other database is named. */
  readonly dataDir: string;
  /** `postgres://…`; undefined = SQLite in the data folder. */
  readonly url?: string | undefined;
  /** False: rows may come before those they refer to; for whoever copies whole tables. Only SQLite can be told so. Default true. */
  readonly enforceForeignKeys?: boolean | undefined;
  /** Told of connections lost while idle. */
  readonly onLost?: ((error: Error) => void) | undefined;
}

export const sqliteFileName = 'store.sqlite';

/** Transactions that were in each other's way are tried this often. */
const maxTries = 10;

/**
 * Opens the store's database and brings its schema up to date; of several processes that start at once, one does.
 * @throws {StoreError} SCHEMA_TOO_NEW | MOVE_UNFINISHED | DATABASE_URL_MALFORMED | DATABASE_UNAVAILABLE | DATABASE_BUSY | DATA_FOLDER_UNUSABLE
 */
export async function openDatabase(options: DatabaseOptions): Promise<StoreDatabase> {
  const database = await connectDatabase(options);
  try {
    await migrateToNewest(database);
    await assertWhole(database);
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw databaseFailureOf(error);
  }
}

/**
 * Opens a database as it is, its schema untouched.
 * @throws {StoreError} DATABASE_URL_MALFORMED | DATA_FOLDER_UNUSABLE
 */
export async function connectDatabase(options: DatabaseOptions): Promise<StoreDatabase> {
  return options.url === undefined ? openSqlite(options) : openPostgres(options.url, options.onLost);
}

/** A folder named by mistake must not become a store. @throws {StoreError} DATA_FOLDER_UNUSABLE */
export async function assertSqliteThere(dataDir: string): Promise<void> {
  const file = join(dataDir, sqliteFileName);
  try {
    await stat(file);
  } catch (cause) {
    throw new StoreError('DATA_FOLDER_UNUSABLE', `There is no store: ${file} is not there.`, { file, cause });
  }
}

/** Half a store is not to be served. @throws {StoreError} MOVE_UNFINISHED */
async function assertWhole(database: StoreDatabase): Promise<void> {
  const from = (await readMoveNotes(database)).get('from');
  if (from === undefined) return;
  throw new StoreError(
    'MOVE_UNFINISHED',
    `${database.place} is where the store of ${from} is being brought to, not all of which is there; the same command again goes on.`,
  );
}

async function openSqlite({ dataDir, enforceForeignKeys = true }: DatabaseOptions): Promise<StoreDatabase> {
  const place = join(dataDir, sqliteFileName);
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (cause) {
    throw new StoreError('DATA_FOLDER_UNUSABLE', `The data folder ${dataDir} cannot be used.`, {
      file: dataDir,
      cause,
    });
  }
  const { libsqlDialect } = await import('./libsql-dialect.js');
  return around(
    'sqlite',
    place,
    new Kysely<StoreTables>({ dialect: libsqlDialect(place, { enforceForeignKeys }) }),
    new Turns(),
  );
}

async function openPostgres(url: string, onLost: DatabaseOptions['onLost']): Promise<StoreDatabase> {
  const place = placeOf(url);
  const { postgresDialect } = await import('./postgres-dialect.js');
  const dialect = postgresDialect(url, onLost ?? (() => {}));
  return around('postgresql', place, new Kysely<StoreTables>({ dialect }));
}

/** @throws {StoreError} DATABASE_URL_MALFORMED: never with the address itself, which holds a password */
function placeOf(url: string): string {
  // A server behind a Unix socket has no host before its path (`postgres://user@/database?host=/run/postgresql`).
  const whole = url.replace('@/', '@local/');
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new StoreError(
      'DATABASE_URL_MALFORMED',
      'DATABASE_URL is no address like postgres://user@host/database.',
    );
  }
  return `${parsed.protocol}//${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
}

function around(
  kind: DatabaseKind,
  place: string,
  queries: Kysely<StoreTables>,
  turns?: Turns,
): StoreDatabase {
  const inTransaction = <T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> =>
    tried(() => queries.transaction().execute(work));
  return {
    kind,
    place,
    queries,
    // In one process the next one waits here, not at the file, where it would ask again and again.
    transact: (work) => (turns === undefined ? inTransaction(work) : turns.take(() => inTransaction(work))),
    snapshot: (work) =>
      tried(() =>
        queries
          .transaction()
          .setAccessMode('read only')
          .setIsolationLevel(kind === 'sqlite' ? 'serializable' : 'repeatable read')
          .execute(work),
      ),
    [Symbol.asyncDispose]: () => queries.destroy(),
  };
}

async function tried<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (!isInTheWay(error)) throw databaseFailureOf(error);
      if (tries >= maxTries) {
        throw new StoreError('DATABASE_BUSY', 'Too many others changed the same things.', { cause: error });
      }
    }
  }
}
