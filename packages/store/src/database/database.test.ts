import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { StoreError } from '../error.js';
import { nextNumber } from './counter.js';
import type { StoreDatabase } from './database.js';
import { isKeyTaken } from './database-failure.js';
import { describeOnBoth } from './database-fixtures.js';
import { migrateBackTo, migrateToNewest } from './migrate.js';
import { migrationsFor } from './migrations/index.js';
import { connectDatabase, type DatabaseOptions, openDatabase } from './open-database.js';

const organization = (identity: string) => ({
  identity,
  kind: 'organization' as const,
  name: identity,
  created_at: 1_700_000_000_123,
});

async function tableNames(database: StoreDatabase): Promise<string[]> {
  const tables = await database.queries.introspection.getTables();
  return tables
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('schema_migrations'))
    .sort();
}

describeOnBoth('a database', (places) => {
  test('keeps numbers, texts and nulls as they are', async () => {
    await using database = await openDatabase(await places.create());
    const row = { ...organization('Ünï 🎉'), contact: null, is_trusted: 1 };
    await database.queries.insertInto('organizations').values(row).execute();
    const found = await database.queries.selectFrom('organizations').selectAll().executeTakeFirstOrThrow();
    expect(found).toMatchObject(row);
    const counted = await database.queries
      .selectFrom('organizations')
      .select(({ fn }) => [fn.countAll<number>().as('all'), fn.sum<number>('created_at').as('sum')])
      .executeTakeFirstOrThrow();
    expect(counted).toEqual({ all: 1, sum: 1_700_000_000_123 });
  });

  test('orders marked texts by their bytes, whatever the language of the database', async () => {
    await using database = await openDatabase(await places.create());
    await database.queries.insertInto('organizations').values(organization('o')).execute();
    for (const id_key of ['b', 'a-', 'a b', 'B', 'a']) {
      await database.queries
        .insertInto('plugins')
        .values({ id: id_key, id_key, owner: 'o', owner_key: 'k', created_at: 1 })
        .execute();
    }
    const found = await database.queries.selectFrom('plugins').select('id_key').orderBy('id_key').execute();
    expect(found.map(({ id_key }) => id_key)).toEqual(['B', 'a', 'a b', 'a-', 'b']);
  });

  test('refuses a key that is taken, and a row that points nowhere', async () => {
    await using database = await openDatabase(await places.create());
    const insert = (identity: string) =>
      database.queries.insertInto('organizations').values(organization(identity)).execute();
    await insert('a');
    await expect(insert('a')).rejects.toSatisfy(isKeyTaken);
    const orphan = { id: 'x', id_key: 'x', owner: 'nobody', owner_key: 'k', created_at: 1 };
    const failure: unknown = await database.queries
      .insertInto('plugins')
      .values(orphan)
      .execute()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(isKeyTaken(failure)).toBe(false);
  });

  test('takes back all of a transaction that fails, and none of one that did not', async () => {
    await using database = await openDatabase(await places.create());
    const count = async () =>
      (await database.queries.selectFrom('organizations').selectAll().execute()).length;
    const failing = database.transact(async (tx) => {
      await tx.insertInto('organizations').values(organization('a')).execute();
      throw new Error('in the middle');
    });
    await expect(failing).rejects.toThrow('in the middle');
    expect(await count()).toBe(0);
    await database.transact((tx) => tx.insertInto('organizations').values(organization('a')).execute());
    expect(await count()).toBe(1);
  });

  test('a statement that fails spoils its transaction only', async () => {
    await using database = await openDatabase(await places.create());
    const twice = database.transact(async (tx) => {
      await tx.insertInto('organizations').values(organization('a')).execute();
      await tx.insertInto('organizations').values(organization('a')).execute();
    });
    await expect(twice).rejects.toSatisfy(isKeyTaken);
    await database.transact((tx) => tx.insertInto('organizations').values(organization('a')).execute());
  });

  test('a snapshot sees one state, whatever is committed meanwhile', async () => {
    await using database = await openDatabase(await places.create());
    await database.snapshot(async (view) => {
      const count = async () => (await view.selectFrom('organizations').selectAll().execute()).length;
      expect(await count()).toBe(0);
      await database.transact((tx) => tx.insertInto('organizations').values(organization('a')).execute());
      expect(await count()).toBe(0);
    });
  });

  test('transactions at once, of two openings, lose nothing of each other', async () => {
    const place = await places.create();
    await using one = await openDatabase(place);
    await using other = await openDatabase(place);
    const numbers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? one : other).transact((tx) => nextNumber(tx, 'audit')),
      ),
    );
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  test('single writes of one opening wait for the transaction of another', async () => {
    const place = await places.create();
    await using one = await openDatabase(place);
    await using other = await openDatabase(place);
    let isOver = false;
    const long = one.transact(async (tx) => {
      await nextNumber(tx, 'audit');
      await new Promise((resolve) => setTimeout(resolve, 150));
      isOver = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await other.transact((tx) => nextNumber(tx, 'audit'));
    expect(isOver).toBe(true);
    await long;
  });

  test('migrations go up, down and up again', async () => {
    await using database = await connectDatabase(await places.create());
    await migrateToNewest(database);
    const names = await tableNames(database);
    expect(names).toEqual(expect.arrayContaining(['packages', 'offers', 'tokens', 'audit_records']));
    await migrateBackTo(database, '0001-catalog');
    expect(await tableNames(database)).not.toContain('tokens');
    await migrateBackTo(database, undefined);
    expect(await tableNames(database)).toEqual([]);
    await migrateToNewest(database);
    expect(await tableNames(database)).toEqual(names);
    await migrateToNewest(database);
  });

  test('processes that start at once make each migration once', async () => {
    const place = await places.create();
    const codes = await Promise.all(Array.from({ length: 4 }, () => openInProcess(place)));
    expect(codes).toEqual([0, 0, 0, 0]);
    await using database = await openDatabase(place);
    const { rows } = await sql<{ name: string }>`select name from schema_migrations`.execute(
      database.queries,
    );
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(migrationsFor(places.kind)));
  });

  test('a process older than the schema does not start', async () => {
    const place = await places.create();
    {
      await using database = await openDatabase(place);
      await sql`insert into schema_migrations values ('9999-from-tomorrow', '2030-01-01T00:00:00.000Z')`.execute(
        database.queries,
      );
    }
    const failure: unknown = await openDatabase(place).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({
      code: 'SCHEMA_TOO_NEW',
      message: expect.stringContaining('9999-from-tomorrow'),
    });
  });
});

test('an address that is none is refused without being repeated', async () => {
  for (const url of ['', 'nonsense', 'mysql://me:secret@host/x', 'http://me:secret@host']) {
    const failure: unknown = await openDatabase({ dataDir: '/nowhere', url }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: 'StoreError', code: 'DATABASE_URL_MALFORMED' });
    expect(String(failure)).not.toContain('secret');
  }
});

test('a server that is not there is a refusal to come back later', async () => {
  const url = 'postgres://me:secret@127.0.0.1:1/x';
  const failure: unknown = await openDatabase({ dataDir: '/nowhere', url }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'StoreError', code: 'DATABASE_UNAVAILABLE', status: 503 });
  expect(String(failure)).not.toContain('secret');
});

/** Opens the database in a process of its own, from the build. @returns its exit code */
async function openInProcess(place: DatabaseOptions): Promise<number> {
  const built = new URL('../../dist/database/open-database.js', import.meta.url);
  const code = `
    const { openDatabase } = await import(${JSON.stringify(built.href)});
    const database = await openDatabase(JSON.parse(process.env.PLACE));
    await database[Symbol.asyncDispose]();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, PLACE: JSON.stringify(place) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [exitCode] = (await once(child, 'exit')) as [number];
  return exitCode;
}
