import { expect, test, vi } from 'vitest';
import { listenForChanges } from './change-listener.js';
import { ChangeWatch } from './change-watch.js';
import { type Change, noteChange } from './changes.js';
import type { StoreDatabase } from './database.js';
import { describeOnBoth, describePostgres } from './database-fixtures.js';
import { openDatabase } from './open-database.js';

const silent = { warn: () => {}, info: () => {} };
const at = new Date('2030-01-01T00:00:00Z');

const note = (database: StoreDatabase, plugin: number) =>
  database.transact((tx) => noteChange(tx, database.kind, { subject: 'plugin', plugin, at }));

/** Remembers what it is told. */
function ear(): {
  heard: (Change['plugin'] | 'everything')[];
  onChanges: (changes: readonly Change[] | 'everything') => void;
} {
  const heard: (Change['plugin'] | 'everything')[] = [];
  return {
    heard,
    onChanges: (changes) => {
      if (changes === 'everything') heard.push('everything');
      else heard.push(...changes.map(({ plugin }) => plugin));
    },
  };
}

describeOnBoth('a watch over changes', (places) => {
  test('tells what another process commits, in order, once', async () => {
    const place = await places.create();
    await using database = await openDatabase(place);
    await using other = await openDatabase(place);
    await note(other, 1);
    const { heard, onChanges } = ear();
    await using _watch = await ChangeWatch.start({ database, onChanges, log: silent });
    await note(other, 2);
    await Promise.all([note(other, 3), note(other, 3), note(database, 3)]);
    await vi.waitFor(() => expect(heard).toEqual([2, 3, 3, 3]), { timeout: 10_000 });
  });

  test('says nothing of what was taken back', async () => {
    const place = await places.create();
    await using database = await openDatabase(place);
    const { heard, onChanges } = ear();
    await using watch = await ChangeWatch.start({ database, onChanges, log: silent });
    const failing = database.transact(async (tx) => {
      await noteChange(tx, database.kind, { subject: 'plugin', plugin: 7, at });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await watch.look();
    await note(database, 8);
    await watch.look();
    expect(heard).toEqual([8]);
  });

  test('does not wait for its hour when asked to look', async () => {
    await using database = await openDatabase(await places.create());
    const { heard, onChanges } = ear();
    await using watch = await ChangeWatch.start({ database, onChanges, log: silent, lookMs: 1e6 });
    await note(database, 4);
    await Promise.all([watch.look(), watch.look()]);
    expect(heard).toEqual([4]);
    expect(watch.isCurrentAt(performance.now())).toBe(true);
  });

  test('starts over where it missed so much that it is not known any more, or the database is an older one', async () => {
    await using database = await openDatabase(await places.create());
    await note(database, 1);
    await note(database, 2);
    const { heard, onChanges } = ear();
    await using watch = await ChangeWatch.start({ database, onChanges, log: silent, lookMs: 1e6 });
    await note(database, 3);
    await note(database, 4);
    await database.queries.deleteFrom('changes').where('sequence', '=', 3).execute();
    await watch.look();
    expect(heard).toEqual(['everything']);
    await database.queries.updateTable('counters').set({ value: 1 }).where('name', '=', 'changes').execute();
    await watch.look();
    expect(heard).toEqual(['everything', 'everything']);
  });

  test('keeps a bounded number of them', async () => {
    await using database = await openDatabase(await places.create());
    await database.queries.insertInto('counters').values({ name: 'changes', value: 11_999 }).execute();
    const row = (sequence: number) => ({ sequence, subject: 'plugin', plugin_number: 1, at: 0 });
    await database.queries.insertInto('changes').values([1, 2_000, 2_001].map(row)).execute();
    await note(database, 1);
    const kept = await database.queries
      .selectFrom('changes')
      .select('sequence')
      .orderBy('sequence')
      .execute();
    expect(kept.map(({ sequence }) => sequence)).toEqual([2_001, 12_000]);
  });
});

describePostgres('a listener', (places) => {
  test('hears of a change long before the clock would', async () => {
    const { url = '', dataDir } = await places.create();
    await using database = await openDatabase({ dataDir, url });
    const { heard, onChanges } = ear();
    const listen = (onTold: () => void) => listenForChanges(url, onTold);
    await using _watch = await ChangeWatch.start({ database, onChanges, log: silent, lookMs: 1e6, listen });
    await vi.waitFor(
      async () => {
        await note(database, 5);
        expect(heard).toContain(5);
      },
      { timeout: 10_000 },
    );
  });

  test('whose connection is cut loses nothing: the clock goes on, and it connects again', async () => {
    const { url = '', dataDir } = await places.create();
    await using database = await openDatabase({ dataDir, url });
    const { heard, onChanges } = ear();
    let told = 0;
    await using _ears = listenForChanges(url, () => {
      told += 1;
    });
    await using _watch = await ChangeWatch.start({ database, onChanges, log: silent });
    await vi.waitFor(() => expect(told).toBe(1), { timeout: 10_000 });
    await places
      .cluster()
      .administer(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'jpl store changes'`,
      );
    await note(database, 6);
    await vi.waitFor(() => expect(heard).toEqual([6]), { timeout: 10_000 });
    // Connected again, it says so once, for whatever it missed.
    await vi.waitFor(() => expect(told).toBeGreaterThanOrEqual(2), { timeout: 10_000 });
  });
});

describePostgres('a database that went away', (places) => {
  test('is not answered for out of memory', async () => {
    const { url = '', dataDir } = await places.create();
    await using database = await openDatabase({ dataDir, url });
    const { onChanges } = ear();
    await using watch = await ChangeWatch.start({ database, onChanges, log: silent, lookMs: 20 });
    await places.cluster().stop();
    await vi.waitFor(() => expect(watch.isCurrentAt(performance.now())).toBe(false), { timeout: 5_000 });
    await expect(watch.assureCurrent()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
    await places.cluster().start();
    await vi.waitFor(() => expect(watch.isCurrentAt(performance.now())).toBe(true), { timeout: 5_000 });
    await watch.assureCurrent();
  });
});
