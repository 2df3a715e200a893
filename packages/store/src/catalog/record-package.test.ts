import type { Updateable } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { StoreDatabase } from '../database/database.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { openDatabase } from '../database/open-database.js';
import type { StoreTables } from '../database/tables.js';
import {
  factsOf,
  linux,
  publish,
  publishedAt,
  publisherNamed,
  sha256Of,
  windows,
} from './catalog-fixtures.js';
import { recordPackage } from './record-package.js';
import { lockPlugin, refreshPlugin } from './refresh-plugin.js';

describeOnBoth('a package handed in', (places) => {
  let database: StoreDatabase;
  let other: StoreDatabase;
  beforeAll(async () => {
    const place = await places.create();
    database = await openDatabase(place);
    other = await openDatabase(place);
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  /** Each test has an id of its own. */
  let id: string;
  let made = 0;
  beforeEach(() => {
    made += 1;
    id = `Plugin${made}`;
  });

  const offers = async (name = id) => {
    const found = await database.queries
      .selectFrom('offers')
      .innerJoin('packages', 'packages.number', 'offers.package_number')
      .innerJoin('plugins', 'plugins.number', 'offers.plugin_number')
      .select(['offers.platform', 'packages.version', 'packages.revision'])
      .where('plugins.id', '=', name)
      .orderBy('offers.platform')
      .execute();
    return found.map(({ platform, version, revision }) => [platform, version, revision]);
  };
  const change = (
    plugin: number,
    act: (tx: Parameters<Parameters<StoreDatabase['transact']>[0]>[0]) => Promise<unknown>,
  ) =>
    database.transact(async (tx) => {
      await lockPlugin(tx, database.kind, plugin);
      await act(tx);
      await refreshPlugin(tx, database.kind, plugin, publishedAt);
    });

  test('is offered for its platforms once it is published, the newest version for each', async () => {
    await publish(database, { id, version: '1.0.0', platforms: [linux, windows] });
    expect(await offers()).toEqual([
      [windows, '1.0.0', 1],
      [linux, '1.0.0', 1],
    ]);
    await publish(database, { id, version: '1.10.0' });
    await publish(database, { id, version: '1.9.0' });
    await publish(database, { id, version: '2.0.0-rc.1', platforms: [windows] });
    expect(await offers()).toEqual([
      [windows, '2.0.0-rc.1', 1],
      [linux, '1.10.0', 1],
    ]);
  });

  test('without a library is offered for every platform that has nothing newer of its own', async () => {
    await publish(database, { id, version: '1.0', platforms: 'any' });
    expect(await offers()).toEqual([['*', '1.0', 1]]);
    await publish(database, { id, version: '2.0', platforms: [linux] });
    expect(await offers()).toEqual([
      ['*', '1.0', 1],
      [linux, '2.0', 1],
    ]);
    await publish(database, { id, version: '3.0', platforms: 'any' });
    expect(await offers()).toEqual([
      ['*', '3.0', 1],
      [linux, '3.0', 1],
    ]);
  });

  test('waiting for a decision is offered to nobody, but holds its id and version', async () => {
    await publish(database, { id }, { state: 'review' });
    expect(await offers()).toEqual([]);
    await expect(publish(database, { id, size: 2 })).rejects.toMatchObject({ code: 'VERSION_TAKEN' });
    await expect(publish(database, { id, publisher: publisherNamed('Mallory') })).rejects.toMatchObject({
      code: 'PLUGIN_ID_TAKEN',
    });
    await database.queries
      .updateTable('packages')
      .set({ state: 'declined' })
      .where('state', '=', 'review')
      .execute();
    const { revision } = await publish(database, { id, publisher: publisherNamed('Mallory') });
    expect(revision).toBe(1);
    expect(await offers()).toEqual([[linux, '1.0.0', 1]]);
  });

  test('of a version that is out is refused, for the platforms it is out for', async () => {
    await publish(database, { id, version: '1.0', platforms: [linux] });
    await expect(
      publish(database, { id, version: '1.0.0', platforms: [linux, windows] }),
    ).rejects.toMatchObject({
      name: 'StoreError',
      code: 'VERSION_TAKEN',
      status: 409,
    });
    await expect(publish(database, { id, version: '1.0', platforms: 'any', size: 3 })).rejects.toMatchObject({
      code: 'VERSION_TAKEN',
    });
    await publish(database, { id, version: '1.0.0', platforms: [windows] });
    expect(await offers()).toEqual([
      [windows, '1.0.0', 1],
      [linux, '1.0', 1],
    ]);
  });

  test('with the content of one that is out, signed anew, is a revision of it', async () => {
    const contentSha256 = sha256Of('the same');
    await publish(database, { id, contentSha256 });
    const renewed = { id, contentSha256, sha256: sha256Of(`renewed ${id}`) };
    const { revision } = await publish(database, renewed);
    expect(revision).toBe(2);
    expect(await offers()).toEqual([[linux, '1.0.0', 2]]);
    await expect(publish(database, renewed)).rejects.toMatchObject({ code: 'PACKAGE_DUPLICATE' });
    await expect(
      publish(database, { id, contentSha256, sha256: sha256Of('x'), platforms: [linux, windows] }),
    ).rejects.toMatchObject({ code: 'VERSION_TAKEN' });
  });

  test('under an id that is another organization’s is refused, in whatever case it is written', async () => {
    await publish(database, { id });
    const stranger = { publisher: publisherNamed('Mallory'), version: '9.0' };
    await expect(publish(database, { id, ...stranger })).rejects.toMatchObject({
      code: 'PLUGIN_ID_TAKEN',
      message: expect.stringContaining('Acme'),
    });
    await expect(publish(database, { id: id.toUpperCase(), version: '9.0' })).rejects.toMatchObject({
      code: 'PLUGIN_ID_TAKEN',
    });
    // The same key in another organization is the same publisher.
    const moved = { ...publisherNamed('New Acme'), pluginKey: publisherNamed('Acme').pluginKey };
    await publish(database, { id, version: '9.0', publisher: moved });
  });

  test('of two organizations that come first, one gets the id', async () => {
    const claims = ['One', 'Two', 'Three', 'Four'].map((name, index) =>
      publish(index % 2 === 0 ? database : other, { id, publisher: publisherNamed(name) }),
    );
    const outcomes = await Promise.allSettled(claims);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'PLUGIN_ID_TAKEN' });
    }
  });

  test('eight times at once, through two openings: one gets in, seven are refused', async () => {
    const uploads = Array.from({ length: 8 }, (_, index) =>
      publish(index % 2 === 0 ? database : other, { id, size: index + 1 }),
    );
    const outcomes = await Promise.allSettled(uploads);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'VERSION_TAKEN', status: 409 });
    }
    expect(await offers()).toHaveLength(1);
  });

  test('is offered no more when it is yanked, suspended, revoked or no longer trusted, and again when it is not', async () => {
    await publish(database, { id, version: '1.0' });
    const { plugin, release, number } = await publish(database, { id, version: '2.0' });
    const set = (values: Updateable<StoreTables['packages']>) =>
      change(plugin, (tx) => tx.updateTable('packages').set(values).where('number', '=', number).execute());
    for (const [withdrawn, back] of [
      [{ suspended_at: 1 }, { suspended_at: null }],
      [{ revoked_at: 1 }, { revoked_at: null }],
      [{ is_trusted: 0 }, { is_trusted: 1 }],
      [{ expires_at: publishedAt.getTime() }, { expires_at: publishedAt.getTime() + 1 }],
    ] as const) {
      await set(withdrawn);
      expect(await offers()).toEqual([[linux, '1.0', 1]]);
      await set(back);
      expect(await offers()).toEqual([[linux, '2.0', 1]]);
    }
    const yank = (yanked_at: number | null) =>
      change(plugin, (tx) =>
        tx.updateTable('releases').set({ yanked_at }).where('number', '=', release).execute(),
      );
    await yank(1);
    expect(await offers()).toEqual([[linux, '1.0', 1]]);
    await yank(null);
    expect(await offers()).toEqual([[linux, '2.0', 1]]);
  });

  test('puts its plugin at the end of the listed; one with nothing to offer is listed nowhere', async () => {
    const listed = async () =>
      (await database.queries.selectFrom('plugins').select('listed').where('id', '=', id).executeTakeFirst())
        ?.listed;
    const { plugin } = await publish(database, { id, version: '1.0' });
    const first = await listed();
    await publish(database, { id: `${id}b` });
    await publish(database, { id, version: '0.9' });
    expect(await listed()).toBe(first);
    const later = new Date(publishedAt.getTime() + 1000);
    await publish(database, { id, version: '1.1' }, { at: later });
    expect(await listed()).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    await change(plugin, (tx) =>
      tx.updateTable('packages').set({ revoked_at: 1 }).where('plugin_number', '=', plugin).execute(),
    );
    expect(await listed()).toBeNull();
  });

  test('touches the rows of its own plugin only, and every process is told', async () => {
    const state = async () => ({
      offers: await database.queries
        .selectFrom('offers')
        .innerJoin('plugins', 'plugins.number', 'offers.plugin_number')
        .selectAll('offers')
        .where('plugins.id', '!=', id)
        .orderBy('plugin_number')
        .orderBy('platform')
        .execute(),
      plugins: await database.queries
        .selectFrom('plugins')
        .selectAll()
        .where('id', '!=', id)
        .orderBy('number')
        .execute(),
    });
    const before = await state();
    const { plugin } = await publish(database, { id });
    expect(await state()).toEqual(before);
    const last = await database.queries
      .selectFrom('changes')
      .selectAll()
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    expect(last).toMatchObject({ subject: 'plugin', plugin_number: plugin, at: publishedAt.getTime() });
  });

  test('keeps its changelog; a later package of the version cannot change it', async () => {
    await publish(database, { id, platforms: [linux] }, { changelog: 'First' });
    await publish(database, { id, platforms: [windows] }, { changelog: 'Second' });
    const { changelog } = await database.queries
      .selectFrom('releases')
      .innerJoin('plugins', 'plugins.number', 'releases.plugin_number')
      .select('changelog')
      .where('plugins.id', '=', id)
      .executeTakeFirstOrThrow();
    expect(changelog).toBe('First');
  });

  test('that is refused leaves nothing behind', async () => {
    const claim = database.transact(async (tx) => {
      await recordPackage(tx, database.kind, {
        facts: factsOf({ id }),
        state: 'review',
        at: publishedAt,
        actor: 'x',
      });
      throw new Error('later');
    });
    await expect(claim).rejects.toThrow('later');
    const found = await database.queries.selectFrom('plugins').selectAll().where('id', '=', id).execute();
    expect(found).toEqual([]);
  });
});
