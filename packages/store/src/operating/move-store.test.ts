import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshPlugin } from '../catalog/refresh-plugin.js';
import { describePostgres } from '../database/database-fixtures.js';
import { openDatabase } from '../database/open-database.js';
import { StoreError } from '../error.js';
import { abandonMove, type MoveOptions, type MoveReport, moveStore } from './move-store.js';
import { movedTables } from './moved-tables.js';
import {
  beginUpload,
  clock,
  createStoreAt,
  Folders,
  found,
  note,
  publishPlugin,
} from './operating-fixtures.js';
import { openEmptyPlace, openStoreData, type StoreData, type StorePlace } from './store-data.js';

let folders: Folders;
beforeEach(() => {
  folders = new Folders();
});
afterEach(() => folders[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function move(
  source: StoreData,
  to: StorePlace,
  options: Partial<MoveOptions> = {},
): Promise<MoveReport> {
  await using target = await openEmptyPlace(to, clock);
  return await moveStore({ source, target, clock, signal: never, ...options });
}

/** The same store, which does something before it hands out its first blob. */
function onFirstBlob(source: StoreData, first: () => Promise<void>): StoreData {
  let done: Promise<void> | undefined;
  const blobs = new Proxy(source.blobs, {
    get(target, name) {
      if (name === 'open')
        return async (sha256: string) => {
          done ??= first();
          await done;
          return await target.open(sha256);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ...source, blobs };
}

async function someStore(place: StorePlace, plugins = 3): Promise<StoreData> {
  const store = await createStoreAt(place);
  for (let n = 1; n <= plugins; n += 1) await publishPlugin(store, `Plugin${n}`);
  await beginUpload(store, 'under-way', Date.now() + 3_600_000);
  return store;
}

/** What holds whatever the ends are. */
function essentials(name: string, from: () => Promise<StorePlace>, to: () => Promise<StorePlace>): void {
  describe(name, () => {
    it('moves rows, bytes, words and unfinished uploads, and the new place is a store', async () => {
      await using source = await someStore(await from());
      const target = await to();
      const report = await move(source, target);
      expect(report).toMatchObject({ wasDone: false, blobs: 6 });
      expect(report.tables).toMatchObject({
        plugins: 3,
        packages: 3,
        uploads: 1,
        upload_parts: 1,
        audit_records: 3,
      });

      await using moved = await openStoreData(target, clock);
      expect(await found(moved, 'plugin2')).toEqual(['Plugin2']);
      for await (const { upload, size } of moved.blobs.parts.list())
        expect([upload, size]).toEqual(['under-way', 15]);
      // It goes on where the old one was: numbers, places, the audit log.
      const next = await publishPlugin(moved, 'Plugin4');
      expect((await moved.blobs.stat(next.sha256))?.size).toBe(2_000);
      const { at } = await moved.database.queries
        .selectFrom('audit_records')
        .select((builder) => builder.fn.max('sequence').as('at'))
        .executeTakeFirstOrThrow();
      expect(at).toBe(4);
    });

    it('leaves the old place readable, and refusing changes by whoever has it open', async () => {
      const place = await from();
      await using source = await someStore(place, 1);
      await using other = await openStoreData(place, clock);
      await move(source, await to());
      expect(await found(other, 'plugin1')).toEqual(['Plugin1']);
      await expect(note(other.database, 'late')).rejects.toMatchObject({ code: 'STORE_MOVED', status: 503 });
      // Also of one that is started there again by mistake.
      await using again = await openStoreData(place, clock);
      await expect(note(again.database, 'late')).rejects.toBeInstanceOf(StoreError);
    });

    it('carries over what changes while it moves, and loses nothing that was acknowledged', async () => {
      const place = await from();
      const target = await to();
      await using source = await someStore(place, 20);
      await using writer = await openStoreData(place, clock);
      const acknowledged: string[] = [];
      let refused: unknown;
      const writing = (async () => {
        for (let n = 1; n <= 5_000; n += 1) {
          try {
            await publishPlugin(writer, `Later${n}`);
            acknowledged.push(`Later${n}`);
            if (n % 3 === 0) await withdraw(writer, `Later${n}`);
          } catch (error) {
            refused = error;
            return;
          }
        }
      })();
      const report = await move(source, target);
      await writing;
      expect(refused).toMatchObject({ code: 'STORE_MOVED' });
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(report.tables.plugins).toBeGreaterThanOrEqual(20 + acknowledged.length);
      await using moved = await openStoreData(target, clock);
      const ids = await moved.database.queries.selectFrom('plugins').select('id').execute();
      expect(ids.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
      // The words are those of what is listed, no more and no less.
      const { rows } = await sql<{ n: number }>`select count(*) as n from plugin_search`.execute(
        moved.database.queries,
      );
      const listed = await moved.database.queries
        .selectFrom('plugins')
        .select('id')
        .where('listed', 'is not', null)
        .execute();
      expect(rows[0]?.n).toBe(listed.length);
    });
  });
}

/** And where they fail, stop or stay behind. */
function failures(name: string, from: () => Promise<StorePlace>, to: () => Promise<StorePlace>): void {
  describe(name, () => {
    it('goes on after it was stopped anywhere', async () => {
      const place = await from();
      const target = await to();
      await using source = await someStore(place, 4);
      let stops = 0;
      for (let after = 1; after < 60; after += 9) {
        let left = after;
        const stopper = new AbortController();
        const moving = move(source, target, {
          signal: stopper.signal,
          onProgress: () => {
            left -= 1;
            if (left === 0) stopper.abort(new Error('stopped'));
          },
        });
        const ended = await moving.catch((error: unknown) => error);
        if (!(ended instanceof Error)) break;
        expect(ended.message).toBe('stopped');
        stops += 1;
        // Half of it is not served; the old place goes on.
        await expect(openStoreData(target, clock)).rejects.toMatchObject({ code: 'MOVE_UNFINISHED' });
        await publishPlugin(source, `Between${stops}`);
      }
      expect(stops).toBeGreaterThan(2);
      const report = await move(source, target);
      // Once more, and nothing more happens.
      expect(await move(source, target)).toMatchObject({ wasDone: true });
      await using moved = await openStoreData(target, clock);
      expect(await found(moved, `between${stops}`)).toEqual([`Between${stops}`]);
      expect(report.wasDone || report.tables.plugins === 4 + stops).toBe(true);
    });

    it('can be given up: the old place takes changes again, and another move may begin', async () => {
      await using source = await someStore(await from(), 1);
      const target = await to();
      await move(source, target);
      await expect(move(source, await to())).rejects.toMatchObject({ code: 'MOVE_UNDER_WAY' });
      expect(await abandonMove(source)).toBe(await placeOf(target));
      await publishPlugin(source, 'Plugin2');
      await expect(move(source, target)).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
      expect((await move(source, await to())).tables.plugins).toBe(2);
    });

    it('stops at bytes that are not what they were, and the store goes on', async () => {
      await using source = await someStore(await from(), 1);
      const { sha256 } = await publishPlugin(source, 'Plugin2');
      await source.blobs.delete(sha256);
      await expect(move(source, await to())).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
      await note(source.database, 'still open');
    });

    it('notices rows that did not arrive as they are', async () => {
      await using source = await someStore(await from(), 1);
      const target = await to();
      const tamper = async (): Promise<void> => {
        await using other = await openEmptyPlace(target, clock);
        await sql`update plugins set id = 'Other'`.execute(other.database.queries);
      };
      // Rows go first: when the first blob is wanted they are all there.
      await expect(move(onFirstBlob(source, tamper), target)).rejects.toMatchObject({
        code: 'MOVE_NOT_VERIFIED',
      });
      await note(source.database, 'still open');
      expect((await move(source, target)).tables.plugins).toBe(1);
    });
  });
}

async function placeOf(place: StorePlace): Promise<string> {
  await using opened = await openStoreData(place, clock);
  return opened.database.place;
}

async function withdraw({ database }: StoreData, id: string): Promise<void> {
  await database.transact(async (tx) => {
    const { number } = await tx
      .selectFrom('plugins')
      .select('number')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    await tx
      .updateTable('packages')
      .set({ state: 'withdrawn' })
      .where('plugin_number', '=', number)
      .execute();
    await refreshPlugin(tx, database.kind, number, new Date());
  });
}

const inFolder = async (): Promise<StorePlace> => ({ dataDir: await folders.make() });

failures('moveStore, from SQLite to SQLite', inFolder, inFolder);

describePostgres('moveStore', ({ create }) => {
  const inPostgres = async (): Promise<StorePlace> => ({
    dataDir: await folders.make(),
    databaseUrl: (await create()).url,
  });
  essentials('from SQLite', inFolder, inPostgres);
  essentials('to SQLite', inPostgres, inFolder);
  failures('from SQLite', inFolder, inPostgres);
});

it('knows every table of the database, with its key', async () => {
  await using database = await openDatabase({ dataDir: await folders.make() });
  const { rows } = await sql<{ name: string }>`select name from sqlite_schema
    where type = 'table' and name not like 'sqlite_%' and name not like 'plugin_search%'
    and name not like 'schema_migrations%' and name != 'leases'`.execute(database.queries);
  expect(movedTables.map(({ name }) => name).sort()).toEqual(rows.map(({ name }) => name).sort());
  for (const { name, key } of movedTables) {
    const columns = await sql<{
      name: string;
      pk: number;
    }>`select name, pk from pragma_table_info(${name})`.execute(database.queries);
    const primary = columns.rows.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    expect([name, key]).toEqual([name, primary.map((column) => column.name)]);
  }
});
