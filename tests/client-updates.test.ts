import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, listStores, type Scheduler } from '@jami-plugin-store/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClientWorld, createPublisher, makePackage, type Publisher } from './client-world.js';
import { temporaryFolder } from './interop/openssl.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let hand: Publisher;
let stranger: Publisher;
beforeAll(async () => {
  folder = await temporaryFolder();
  [hand, stranger] = await Promise.all([
    createPublisher(join(folder.path, 'hand')),
    createPublisher(join(folder.path, 'stranger')),
  ]);
});
afterAll(() => folder[Symbol.asyncDispose]());

let world: ClientWorld;
let now: number;
beforeEach(async () => {
  now = Date.parse('2026-06-01T00:00:00Z');
  world = await ClientWorld.create([hand, stranger]);
});
afterEach(() => world[Symbol.asyncDispose]());

const small = { bulk: 1_000 };
const day = 86_400_000;

/** The client, with the first version of a plugin installed from the store. */
async function withInstalled(...ids: string[]): Promise<Client> {
  for (const id of ids) await world.publish(hand, { id, version: '1.9.0', ...small });
  const client = await world.wholeClient({ clock: () => new Date(now) });
  await client.start();
  for (const id of ids) await client.stores.get('hand').plugins.install(id);
  return client;
}
const versionOf = (client: Client, id: string) => client.mirror.rows.find((row) => row.id === id)?.version;
const found = (client: Client) =>
  client.updates
    .updates()
    .map(({ id, installed, offered, heldBack }) => [id, installed, offered, heldBack?.reason]);

describe.each([{ plain: false }, { plain: true }])(
  'looking for updates (plain Jami store: $plain)',
  ({ plain }) => {
    beforeEach(() => {
      world.front.mischief.plain = plain;
    });

    test('finds by number, and leaves it to the user unless told otherwise', async () => {
      await using client = await withInstalled('Greeter', 'Painter');
      await world.publish(hand, { id: 'Greeter', version: '1.10.0', ...small });
      await client.updates.check();
      expect(found(client)).toEqual([['Greeter', '1.9.0', '1.10.0', undefined]]);
      expect(client.stores.get('hand').plugins.registry.snapshot('Greeter')).toMatchObject({
        state: 'updatable',
        actions: ['update', 'uninstall'],
      });
      expect(client.updates.report().entries).toMatchObject([
        { what: 'found', store: 'hand', plugin: 'Greeter', from: '1.9.0', to: '1.10.0' },
      ]);
      await client.changeSettings({ autoUpdate: true });
      await client.updates.check();
      expect(versionOf(client, 'Greeter')).toBe('1.10.0');
      expect(client.updates.report().entries.map(({ what, to }) => [what, to])).toEqual([
        ['updated', '1.10.0'],
        ['found', '1.10.0'],
      ]);
      expect(found(client)).toEqual([]);
    });

    test('what the user decided about a plugin keeps it as it is', async () => {
      await using client = await withInstalled('Pinned', 'Skipped', 'Held');
      for (const id of ['Pinned', 'Skipped', 'Held'])
        await world.publish(hand, { id, version: '2.0.0', ...small });
      await client.settings.change({ autoUpdate: true });
      await client.settings.changePolicy('Pinned', { pinned: true });
      await client.settings.changePolicy('Skipped', { skippedVersion: '2.0' });
      await client.settings.changePolicy('Held', { holdDays: 3 });
      await client.updates.check();
      expect(found(client).sort()).toEqual([
        ['Held', '1.9.0', '2.0.0', 'too-new'],
        ['Pinned', '1.9.0', '2.0.0', 'pinned'],
        ['Skipped', '1.9.0', '2.0.0', 'skipped'],
      ]);
      now += 3 * day + 1;
      await world.publish(hand, { id: 'Skipped', version: '2.0.1', ...small });
      await client.updates.check();
      expect([versionOf(client, 'Pinned'), versionOf(client, 'Skipped'), versionOf(client, 'Held')]).toEqual([
        '1.9.0',
        '2.0.1',
        '2.0.0',
      ]);
    });

    test('a store that does not answer is no "up to date", and the day is made up', async () => {
      await using client = await withInstalled('Greeter');
      world.front.mischief.status = 503;
      await client.updates.check();
      expect(client.updates.report()).toMatchObject({
        failures: [{ store: 'hand', failure: { code: 'HTTP_STATUS', network: 'NETWORK_ERROR' } }],
      });
      expect([client.updates.checkedAt, client.updates.isDue()]).toEqual([undefined, true]);
      world.front.mischief.status = undefined;
      await client.updates.check();
      expect([client.updates.report().failures, client.updates.isDue()]).toEqual([[], false]);
      now += day;
      expect(client.updates.isDue()).toBe(false);
      now += 3_600_000;
      expect(client.updates.isDue()).toBe(true);
    });
  },
);

describe('who waits for some days with each release', () => {
  /** Published one a day, the first of them an hour after the installed one. */
  async function publishDaily(...versions: string[]): Promise<void> {
    for (const version of versions) {
      await world.publish(hand, { id: 'Greeter', version, ...small });
      world.clock.now += day;
    }
  }

  test('gets the newest that is old enough, and is told of the one that is not', async () => {
    await using client = await withInstalled('Greeter');
    await client.settings.change({ autoUpdate: true });
    await client.settings.changePolicy('Greeter', { holdDays: 2 });
    await publishDaily('1.10.0', '1.11.0', '1.12.0');
    now = world.clock.now;
    await client.updates.look();
    expect(client.updates.updates()).toMatchObject([
      {
        offered: '1.12.0',
        heldBack: { reason: 'too-new', until: '2026-06-05T00:00:00.000Z' },
        taken: '1.11.0',
      },
    ]);
    expect(versionOf(client, 'Greeter')).toBe('1.9.0');
    await client.updates.check();
    expect(versionOf(client, 'Greeter')).toBe('1.11.0');
    expect(client.updates.report().entries).toMatchObject([
      { what: 'updated', from: '1.9.0', to: '1.11.0' },
      { what: 'found', to: '1.12.0' },
    ]);
    await client.updates.check();
    expect(found(client)).toEqual([['Greeter', '1.11.0', '1.12.0', 'too-new']]);
    now += day;
    await client.updates.check();
    expect(versionOf(client, 'Greeter')).toBe('1.12.0');
  });

  test('waits, where a plain Jami store has no other than the newest', async () => {
    await using client = await withInstalled('Greeter');
    await client.settings.change({ autoUpdate: true });
    await client.settings.changePolicy('Greeter', { holdDays: 2 });
    await publishDaily('1.10.0', '1.11.0', '1.12.0');
    now = world.clock.now;
    world.front.mischief.plain = true;
    await using plain = await world.openClient({ clock: () => new Date(now) });
    await plain.start();
    await plain.updates.check();
    expect(plain.updates.updates()).toMatchObject([{ offered: '1.12.0', taken: undefined }]);
    expect(versionOf(plain, 'Greeter')).toBe('1.9.0');
  });
});

test('what was weighed is taken, not what was published meanwhile; nor in place of a higher one', async () => {
  await using client = await withInstalled('Greeter');
  await world.publish(hand, { id: 'Greeter', version: '1.10.0', ...small });
  await client.updates.look();
  const newer = await world.publish(hand, { id: 'Greeter', version: '1.11.0', ...small });
  const [update] = client.updates.updates();
  if (update === undefined) throw new Error('Nothing was found');
  await client.updates.update(update, { version: update.offered });
  expect(versionOf(client, 'Greeter')).toBe('1.10.0');
  await client.updates.look();
  const [next] = client.updates.updates();
  if (next === undefined) throw new Error('Nothing was found');
  await client.mirror.daemon.install({ path: newer });
  const { failure } = await client.updates
    .update(next, { version: '1.10.0' })
    .catch((error) => ({ failure: error }));
  expect(failure).toMatchObject({ code: expect.stringMatching(/^(ACTION_NOT_POSSIBLE|NEWER_INSTALLED)$/) });
  await expect.poll(() => versionOf(client, 'Greeter')).toBe('1.11.0');
});

test('of what a store says nothing usable about, nobody is told that it is up to date', async () => {
  world.front.mischief.plain = true;
  await using client = await withInstalled('Greeter', 'Painter');
  await world.publish(hand, { id: 'Greeter', version: '1.10.0', ...small });
  world.front.mischief.replace = { from: /^\/versions\/Painter/, bytes: Buffer.from('{}') };
  await client.updates.look();
  expect(found(client)).toEqual([['Greeter', '1.9.0', '1.10.0', undefined]]);
  expect(client.updates.unanswered).toMatchObject([{ id: 'Painter', failure: { code: 'ANSWER_MALFORMED' } }]);
  expect(client.updates.report().failures).toMatchObject([
    { store: 'hand', failure: { code: 'ANSWER_MALFORMED' } },
  ]);
  expect(client.updates.isDue()).toBe(false);
});

test('another publisher is asked about once, and the user is told', async () => {
  await using client = await withInstalled('Greeter');
  await world.publish(stranger, { id: 'Other', version: '1.0.0', ...small });
  // The store itself would refuse somebody else's Greeter: a bad operator puts one in its place.
  await client.settings.change({ autoUpdate: true });
  await world.publish(hand, { id: 'Greeter', version: '2.0.0', ...small });
  const foreign = await makePackage(stranger, { id: 'Greeter', version: '2.0.0', ...small });
  world.front.mischief.replace = { from: /^\/(download|blobs)\//, bytes: await readFile(foreign) };
  await client.updates.check();
  expect(versionOf(client, 'Greeter')).toBe('1.9.0');
  const [entry] = client.updates.report().entries;
  expect(entry).toMatchObject({
    what: 'failed',
    plugin: 'Greeter',
    code: expect.stringMatching(/^(UNEXPECTED_PLUGIN|PUBLISHER_CHANGED)$/),
  });
  world.front.mischief.replace = undefined;
  await client.stores.get('hand').plugins.registry.ask('Greeter', { type: 'retry' });
  // The list follows the daemon's event.
  await expect.poll(() => found(client)).toEqual([]);
});

test('what was found and when survives restarts; a damaged journal is begun anew', async () => {
  const client = await withInstalled('Greeter');
  await world.publish(hand, { id: 'Greeter', version: '1.10.0', ...small });
  await client.updates.check();
  await client[Symbol.asyncDispose]();
  const open = () => world.openClient({ clock: () => new Date(now) });
  {
    await using again = await open();
    await again.start();
    expect(found(again)).toEqual([['Greeter', '1.9.0', '1.10.0', undefined]]);
    expect([again.updates.checkedAt, again.updates.isDue()]).toEqual(['2026-06-01T00:00:00.000Z', false]);
  }
  await writeFile(join(world.folder, 'data', 'jpl', 'updates.json'), '{"format":1,');
  await using damaged = await open();
  await damaged.start();
  expect([found(damaged), damaged.updates.isDue()]).toEqual([[], true]);
  await damaged.updates.check();
  expect(found(damaged)).toHaveLength(1);
});

test('the routine makes the check at the start by itself, and a daemon that is away is no answer', async () => {
  const client = await withInstalled('Greeter');
  await client[Symbol.asyncDispose]();
  let tick = async (): Promise<void> => undefined;
  const schedule: Scheduler = (_, work) => {
    tick = work;
    return { [Symbol.dispose]: () => undefined };
  };
  const troubles: string[] = [];
  await world.stopDaemon();
  await using again = await world.openClient({
    clock: () => new Date(now),
    schedule,
    onTrouble: ({ message }) => troubles.push(message),
  });
  await again.start();
  await tick();
  expect([again.updates.checkedAt, troubles.length > 0]).toEqual([undefined, true]);
  await world.startDaemon();
  await world.publish(hand, { id: 'Greeter', version: '1.10.0', ...small });
  await tick();
  expect(found(again)).toEqual([['Greeter', '1.9.0', '1.10.0', undefined]]);
});

test('only what came from a store is asked of it', async () => {
  await using client = await withInstalled('Greeter');
  const path = await world.publish(hand, { id: 'Filed', version: '1.0.0', ...small });
  await world.publish(hand, { id: 'Filed', version: '2.0.0', ...small });
  await client.mirror.daemon.install({ path });
  await client.mirror.refresh();
  const before = world.front.requests.length;
  await client.updates.check();
  expect(found(client)).toEqual([]);
  const asked = world.front.requests.slice(before).map(({ path: asking }) => asking);
  expect(asked.filter((asking) => asking.includes('Filed'))).toEqual([]);
  expect((await listStores(join(world.folder, 'data'))).length).toBe(1);
});
