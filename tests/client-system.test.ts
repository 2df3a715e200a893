import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonRefusal, type StoreClientEvent } from '@jami-plugin-store/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClientWorld, createPublisher, makePackage, nextEvent, type Publisher } from './client-world.js';
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
beforeEach(async () => {
  world = await ClientWorld.create([hand, stranger]);
});
afterEach(() => world[Symbol.asyncDispose]());

const installedAt = (id: string): string => join(world.folder, 'data', 'plugins', id);
const stateIs = (id: string, state: string) => (event: StoreClientEvent) =>
  event.type === 'plugin' && event.plugin.id === id && event.plugin.state === state;

describe.each([{ plain: false }, { plain: true }])(
  'client, store and daemon (plain Jami store: $plain)',
  ({ plain }) => {
    beforeEach(() => {
      world.front.mischief.plain = plain;
    });

    test('lists, installs with progress, updates by number, removes', async () => {
      await world.publish(hand, { id: 'Greeter', version: '1.9.0' });
      await using client = world.client({ language: 'fr' });
      expect(await client.start()).toEqual({ status: 'connected' });
      const catalog = await client.refresh();
      expect(catalog).toMatchObject({
        status: 'offered',
        plugins: [{ id: 'Greeter', name: 'Greeter fr' }],
        skipped: [],
      });
      expect((await client.details('Greeter')).description).toBe('Dit bonjour');
      expect(client.plugin('Greeter')).toMatchObject({ state: 'installable', actions: ['install'] });

      const seen: string[] = [];
      const shares: number[] = [];
      client.on((event) => {
        if (event.type !== 'plugin') return;
        const { state, download, verification } = event.plugin;
        if (seen.at(-1) !== state) seen.push(state);
        if (download?.total !== undefined) shares.push(download.received / download.total);
        if (verification !== undefined) expect(verification.done).toBeLessThanOrEqual(verification.of);
      });
      const done = await client.install('Greeter');
      expect(done).toMatchObject({
        state: 'installed',
        installed: { version: '1.9.0' },
        actions: ['uninstall'],
      });
      expect(seen).toEqual(['downloading', 'installing', 'installed']);
      expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
      expect(existsSync(join(installedAt('Greeter'), 'manifest.json'))).toBe(true);
      expect(await world.cached()).toEqual([]);
      await expect(client.install('Greeter')).rejects.toMatchObject({
        name: 'ClientError',
        code: 'SAME_VERSION',
        resultCode: 100,
      });

      await world.publish(hand, { id: 'Greeter', version: '1.10.0' });
      expect(await client.checkForUpdates()).toEqual({
        updates: [{ id: 'Greeter', installed: '1.9.0', offered: '1.10.0', isFromThisStore: true }],
        failures: [],
      });
      expect(client.plugin('Greeter')).toMatchObject({
        state: 'updatable',
        actions: ['update', 'uninstall'],
      });
      expect(await client.update('Greeter')).toMatchObject({
        state: 'installed',
        installed: { version: '1.10.0' },
      });
      expect(await client.uninstall('Greeter')).toMatchObject({ state: 'installable' });
      expect(existsSync(installedAt('Greeter'))).toBe(false);
    });

    test('a store that answers with another validly signed plugin', async () => {
      await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
      const other = await world.publish(hand, { id: 'Other', version: '1.0.0' });
      world.front.mischief.swap = { from: /^\/(download|blobs)\//, to: `/download/x86_64-linux-gnu/Other` };
      await using client = world.client();
      await client.start();
      const failed = await client.install('Greeter');
      expect(failed).toMatchObject({
        state: 'failed',
        failure: { source: 'daemon', code: 'UNEXPECTED_PLUGIN', resultCode: 500 },
        actions: ['install', 'retry', 'dismiss'],
      });
      expect(await world.cached()).toEqual([]);
      expect([existsSync(installedAt('Greeter')), existsSync(installedAt('Other'))]).toEqual([false, false]);
      // That package itself is fine.
      world.front.mischief.swap = undefined;
      expect(await client.retry('Greeter')).toMatchObject({ state: 'installed' });
      expect(existsSync(other)).toBe(true);
    });

    test('a package changed on its way', async () => {
      await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
      world.front.mischief.corrupt = true;
      await using client = world.client();
      await client.start();
      const { state, failure } = await client.install('Greeter');
      expect([state, failure?.source]).toEqual(['failed', 'daemon']);
      expect(failure?.code).toMatch(/^(SIGNATURE|CRC|ENTRY|ARCHIVE|DATA)/);
      expect(await world.cached()).toEqual([]);
      expect(existsSync(installedAt('Greeter'))).toBe(false);
    });

    test('a store that goes down during a download, and comes back', async () => {
      await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
      world.front.mischief.cutAfter = 200_000;
      await using client = world.client();
      await client.start();
      client.on((event) => {
        if (event.type === 'plugin' && event.plugin.download?.broken !== undefined)
          world.front.mischief.down = true;
      });
      const failed = await client.install('Greeter');
      expect(failed).toMatchObject({
        state: 'failed',
        failure: { source: 'network', code: 'CONNECTION_LOST', network: 'NETWORK_ERROR' },
      });
      expect(await world.cached()).toEqual(['Greeter.jpl.part', 'Greeter.jpl.part.json']);
      expect(existsSync(installedAt('Greeter'))).toBe(false);

      Object.assign(world.front.mischief, { down: false, cutAfter: undefined });
      expect(await client.retry('Greeter')).toMatchObject({ state: 'installed' });
      const { range } = world.front.requests.findLast(({ path }) => /^\/(download|blobs)\//.test(path)) ?? {};
      expect(range).toMatch(/^bytes=\d{5,}-$/);
      expect(await world.cached()).toEqual([]);
    });

    test('cancel leaves nothing, and the plugin where it was', async () => {
      await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
      world.front.mischief.stallAfter = 200_000;
      await using client = world.client();
      await client.start();
      const received = nextEvent(
        client,
        (event) => event.type === 'plugin' && (event.plugin.download?.received ?? 0) > 0,
      );
      const installing = client.install('Greeter');
      await received;
      expect(await client.cancel('Greeter')).toMatchObject({ state: 'installable', actions: ['install'] });
      expect((await installing).state).toBe('installable');
      expect(await world.cached()).toEqual([]);
      await expect(client.cancel('Greeter')).rejects.toMatchObject({ code: 'ACTION_NOT_POSSIBLE' });
      world.front.mischief.stallAfter = undefined;
      expect((await client.install('Greeter')).state).toBe('installed');
    });
  },
);

describe('what the client shows', () => {
  test('a store without plugins, one that is down, one that refuses, one that is back', async () => {
    await using client = world.client();
    expect(client.catalog).toEqual({ status: 'unknown' });
    expect(await client.refresh()).toEqual({ status: 'none-for-platform', platform: 'x86_64-linux-gnu' });
    await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    const { mischief } = world.front;
    for (const [trouble, code, network] of [
      [{ down: true }, 'CONNECTION_LOST', 'NETWORK_ERROR'],
      [{ status: 403 }, 'ACCESS_DENIED', 'ACCESS_DENIED'],
      [{ status: 404 }, 'NOT_FOUND', 'CONTENT_NOT_FOUND'],
      [{ status: 503 }, 'HTTP_STATUS', 'NETWORK_ERROR'],
    ] as const) {
      Object.assign(mischief, { down: false, status: undefined }, trouble);
      expect(await client.refresh()).toMatchObject({
        status: 'unavailable',
        failure: { source: 'network', code, network },
      });
    }
    Object.assign(mischief, { down: false, status: undefined });
    expect(await client.refresh()).toMatchObject({ status: 'offered' });
    await world.front[Symbol.asyncDispose]();
    expect(await client.refresh()).toMatchObject({
      failure: { code: 'CONNECTION_REFUSED', network: 'DISCONNECTED' },
    });
  });

  test('a check for updates that the store does not answer', async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    await using client = world.client();
    await client.start();
    await client.installFile(path);
    await client.install('Greeter', { force: true });
    for (const plain of [true, false]) {
      Object.assign(world.front.mischief, { plain, status: undefined });
      expect(await client.checkForUpdates()).toEqual({ updates: [], failures: [] });
      world.front.mischief.status = 503;
      expect(await client.checkForUpdates()).toMatchObject({
        updates: [],
        failures: [{ id: 'Greeter', failure: { source: 'network', code: 'HTTP_STATUS' } }],
      });
    }
    expect(client.plugin('Greeter')).toMatchObject({ state: 'installed', installed: { version: '1.0.0' } });
  });

  test("another program's doings, by the daemon's events", async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    await using client = world.client();
    await client.start();
    await client.refresh();
    const other = world.connect();
    const installed = nextEvent(client, stateIs('Greeter', 'installed'));
    await other.install({ path });
    await installed;
    const removed = nextEvent(client, stateIs('Greeter', 'installable'));
    await other.uninstall('Greeter');
    await removed;
    expect(existsSync(path)).toBe(true);
  });

  test('what the daemon remembers of an install, and which accounts it knows', async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    const daemon = world.connect();
    const told: string[] = [];
    const stop = new AbortController();
    const listening = (async () => {
      for await (const news of daemon.events({ signal: stop.signal })) {
        if (news.type === 'connected') void daemon.install({ path, job: 'traced' });
        if (news.type !== 'event' || news.event.type !== 'trace') continue;
        told.push(news.event.message.kind);
        if (news.event.trace.endedAt !== undefined) stop.abort();
      }
    })();
    await listening;
    const trace = await daemon.trace('traced');
    expect(trace).toMatchObject({ plugin: 'Greeter', version: '1.0.0', code: null });
    expect(trace.messages.map(({ kind }) => kind).sort()).toEqual(told.sort());
    expect(told).toEqual(
      expect.arrayContaining(['install-request', 'path-found', 'signatures-verified', 'verdict']),
    );
    expect((await daemon.traces()).traces).toMatchObject([{ job: 'traced', code: null }]);
    expect(await daemon.trace('other').catch((error: unknown) => error)).toMatchObject({
      code: 'TRACE_NOT_FOUND',
    });
    expect(await daemon.accounts()).toEqual({ accounts: [] });
  });

  test('an installation that another program was faster with', async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    world.front.mischief.stallAfter = 200_000;
    await using client = world.client();
    await client.start();
    const received = nextEvent(
      client,
      (event) => event.type === 'plugin' && (event.plugin.download?.received ?? 0) > 0,
    );
    const installing = client.install('Greeter');
    await received;
    await world.connect().install({ path });
    expect(await installing).toMatchObject({ state: 'installed', installed: { version: '1.0.0' } });
  });

  test('a daemon that is away, and comes back', async () => {
    await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    await world.stopDaemon();
    await using client = world.client();
    expect(await client.start()).toMatchObject({ status: 'lost', error: { code: 'DAEMON_UNAVAILABLE' } });
    await expect(client.install('Greeter')).rejects.toMatchObject({ code: 'DAEMON_UNAVAILABLE' });
    expect(await client.refresh()).toMatchObject({ status: 'offered' });
    const back = nextEvent(client, (event) => event.type === 'daemon' && event.daemon.status === 'connected');
    await world.startDaemon();
    await back;
    expect(await client.install('Greeter')).toMatchObject({ state: 'installed' });
  });

  test('a daemon that goes away before it is asked: the archive waits for it', async () => {
    await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    await using client = world.client();
    await client.start();
    await client.refresh();
    await world.stopDaemon();
    expect(await client.install('Greeter')).toMatchObject({
      state: 'failed',
      failure: { source: 'client', code: 'DAEMON_UNAVAILABLE' },
    });
    expect(await world.cached()).toEqual(['Greeter.jpl']);
    await world.startDaemon();
    const before = world.front.requests.length;
    expect(await client.retry('Greeter')).toMatchObject({ state: 'installed' });
    const packages = world.front.requests.slice(before).filter(({ path }) => path.startsWith('/blobs/'));
    expect(packages).toEqual([]);
    expect(await world.cached()).toEqual([]);
  });
});

describe('what an update may be', () => {
  test("another publisher's plugin is refused, and taken once the user has confirmed", async () => {
    const mine = await makePackage(hand, { id: 'Greeter', version: '1.0.0' });
    await using client = world.client();
    await client.start();
    await client.installFile(mine);
    await world.publish(stranger, { id: 'Greeter', version: '2.0.0' });
    await client.refresh();
    const failed = await client.update('Greeter');
    expect(failed).toMatchObject({
      state: 'failed',
      installed: { version: '1.0.0' },
      failure: { source: 'daemon', code: 'PUBLISHER_CHANGED', resultCode: 400 },
    });
    const { publisher, installedPublisher } = failed.failure ?? {};
    expect(publisher?.pluginKey).not.toBe(installedPublisher?.pluginKey);
    expect(await world.cached()).toEqual([]);
    const acceptPublisher = publisher?.organization ?? publisher?.pluginKey;
    expect(await client.retry('Greeter', { acceptPublisher })).toMatchObject({
      state: 'installed',
      installed: { version: '2.0.0' },
    });
    expect(existsSync(mine)).toBe(true);
  });

  test('a plugin of another store is another plugin', async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    await world.connect().install({ path, store: 'https://other.example/', expect: { id: 'Greeter' } });
    await world.publish(hand, { id: 'Greeter', version: '2.0.0' });
    await using client = world.client();
    await client.start();
    await client.refresh();
    expect(client.plugin('Greeter')).toMatchObject({ state: 'installed', actions: ['uninstall'] });
    expect(await client.checkForUpdates()).toEqual({ updates: [], failures: [] });
    await expect(client.install('Greeter')).rejects.toMatchObject({ code: 'PLUGIN_OF_OTHER_STORE' });
    await client.uninstall('Greeter');
    expect(await client.install('Greeter')).toMatchObject({
      state: 'installed',
      installed: { version: '2.0.0' },
    });
  });

  test('a refused file that the user named stays', async () => {
    const path = await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    const bytes = await readFile(path);
    bytes.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 1, bytes.length >> 1);
    const tampered = join(world.folder, 'tampered.jpl');
    await writeFile(tampered, bytes);
    await using client = world.client();
    await expect(client.installFile(tampered)).rejects.toBeInstanceOf(DaemonRefusal);
    expect((await readFile(tampered)).equals(bytes)).toBe(true);
  });
});

describe('the end of a client', () => {
  test('keeps a broken download for the next one', async () => {
    await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    world.front.mischief.stallAfter = 200_000;
    const first = world.client();
    await first.start();
    const received = nextEvent(
      first,
      (event) => event.type === 'plugin' && (event.plugin.download?.received ?? 0) > 0,
    );
    const installing = first.install('Greeter');
    await received;
    await first[Symbol.asyncDispose]();
    expect(await installing).toMatchObject({
      state: 'failed',
      failure: { code: 'CLIENT_CLOSED', network: 'CANCELED' },
    });
    expect(await world.cached()).toEqual(['Greeter.jpl.part', 'Greeter.jpl.part.json']);
    world.front.mischief.stallAfter = undefined;
    await using second = world.client();
    expect(await second.install('Greeter')).toMatchObject({ state: 'installed' });
    expect(world.front.requests.at(-1)?.range).toMatch(/^bytes=\d{5,}-$/);
  });

  test('ends its readers; a slow reader gets the newest of each plugin', async () => {
    await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
    const client = world.client();
    await client.start();
    const states: string[] = [];
    const installing = client.install('Greeter');
    for await (const event of client.events(new AbortController().signal)) {
      if (event.type !== 'plugin') continue;
      states.push(event.plugin.state);
      await installing;
      if (event.plugin.state === 'installed') break;
    }
    expect(states.at(-1)).toBe('installed');
    expect(states).toHaveLength(2);
    await client[Symbol.asyncDispose]();
    for await (const event of client.events(new AbortController().signal))
      throw new Error(`${event.type} after the end`);
  });
});
