import { join } from 'node:path';
import type { Message } from 'dbus-native';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, type Signer, startDaemon, writePackage } from '../daemon-fixtures.js';
import { busSkipMessage, PrivateBus } from './bus-fixtures.js';
import { pluginManagerInterface, signatureOf } from './plugin-manager-interface.js';
import { RawClient, type Reply } from './raw-client-fixtures.js';
import { type DBusServer, serveDBus } from './serve-dbus.js';

const megabyte = 1024 * 1024;
const error = (name: string): string => `org.freedesktop.DBus.Error.${name}`;

describe.skipIf(busSkipMessage !== undefined)(
  `hostile clients on the session bus${busSkipMessage === undefined ? '' : ` (${busSkipMessage})`}`,
  () => {
    let fixtures: DaemonFixtures;
    let signer: Signer;
    let daemon: Daemon;
    let bus: PrivateBus;
    let face: DBusServer;
    let client: RawClient;
    let root: string;

    beforeAll(async () => {
      fixtures = await DaemonFixtures.create();
      const authority = await fixtures.authority();
      signer = await (await authority.organization('Hello Ltd'))();
      daemon = await startDaemon(fixtures, [authority.anchor]);
      await daemon.install({ path: await writePackage(fixtures, signer) });
      root = join(daemon.info.dataDir, 'plugins', 'Greeter');
      bus = await PrivateBus.start();
      face = await serveDBus(daemon, { env: bus.env });
      client = await RawClient.connect(bus.address);
    });
    afterAll(async () => {
      client[Symbol.dispose]();
      await face[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      await fixtures[Symbol.asyncDispose]();
    });

    const isUp = async (): Promise<boolean> =>
      (await client.call('getInstalledPlugins')).body.flat().join() === root;
    const grownBy = async (work: () => Promise<void>): Promise<number> => {
      const before = process.memoryUsage().rss;
      await work();
      return process.memoryUsage().rss - before;
    };

    it.each(Object.entries(pluginManagerInterface.methods).filter(([, { in: args }]) => args.length > 0))(
      'refuses 1 MB as arguments of %s',
      async (member, shape) => {
        const body = shape.in.map(([, type]) => (type === 'b' ? true : 'x'.repeat(megabyte)));
        const isTextTaken = shape.in.some(([, type]) => type === 's');
        const reply = await client.call(member, signatureOf(shape.in), body);
        if (isTextTaken) expect(reply.error).toBe(error('LimitsExceeded'));
        else expect(reply.error).toBeUndefined();
      },
    );

    it.each<[string, Message, string]>([
      ['an object path of 1 MB', { path: `/${'a'.repeat(megabyte)}` }, 'UnknownObject'],
      ['1 MB of other types', { signature: 'at', body: [Array(megabyte / 8).fill(1)] }, 'InvalidArgs'],
      ['16 MB', { signature: 's', body: ['x'.repeat(16 * megabyte)] }, 'InvalidArgs'],
      ['a method of the prototype', { member: 'toString' }, 'UnknownMethod'],
      ['nested variants', { signature: 'v', body: [['v', ['v', ['v', ['s', 'x']]]]] }, 'InvalidArgs'],
      ['a struct of the right types', { signature: '(sb)', body: [['/a', true]] }, 'InvalidArgs'],
    ])('refuses %s', async (_what, other, name) => {
      const reply = await client.call('installPlugin', '', [], other);
      expect(reply.error).toBe(error(name));
      expect(await isUp()).toBe(true);
    });

    it('takes a call without an interface, and answers none that wants no answer', async () => {
      const { interface: _none, ...about } = {
        interface: '',
        destination: face.name,
        path: '/cx/ring/Ring/PluginManagerInterface',
      };
      const reply = await client.send({ ...about, member: 'getInstalledPlugins' });
      expect(reply.body).toEqual([[root]]);
      const unanswered: Reply[] = [];
      for (const member of ['getInstalledPlugins', 'nothing'])
        void client.call(member, '', [], { flags: 1 }).then((one) => unanswered.push(one));
      expect(await isUp()).toBe(true);
      expect(unanswered).toEqual([]);
    });

    it('answers 1,000 calls at once, in any mixture', async () => {
      const replies = await Promise.all(
        Array.from({ length: 1_000 }, (_, number) =>
          number % 3 === 0
            ? client.call('getPluginDetails', 's', [root])
            : number % 3 === 1
              ? client.call('loadPlugin', 'i', [number])
              : client.call('uninstallPlugin', 's', [`${root}/../../${number}`]),
        ),
      );
      expect(replies.filter((reply) => reply.error === undefined)).toHaveLength(667);
      expect(replies.filter((reply) => reply.error === error('InvalidArgs'))).toHaveLength(333);
      expect(await isUp()).toBe(true);
    });

    it('answers 200 clients at once', async () => {
      const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(bus.address)));
      const replies = await Promise.all(clients.map((one) => one.call('getInstalledPlugins')));
      expect(replies.every(({ body }) => body.flat().join() === root)).toBe(true);
      for (const one of clients) one[Symbol.dispose]();
    });

    it('keeps its memory in a flood of calls whose callers are gone', async () => {
      const flood = async (): Promise<void> => {
        using gone = await RawClient.connect(bus.address);
        for (let sent = 0; sent < 1_000; sent += 1) {
          void gone.call('getPluginDetails', 's', [root]);
          void gone.call('loadPlugin', 's', ['x'.repeat(10_000)]);
          if (sent % 100 === 0) await new Promise(setImmediate);
        }
        // One answer: the flood has reached the daemon when its caller goes.
        await gone.call('getPlatformInfo');
      };
      await flood();
      const grown = await grownBy(async () => {
        for (let times = 0; times < 3; times += 1) await flood();
        expect(await isUp()).toBe(true);
      });
      expect(grown).toBeLessThan(150 * megabyte);
    });

    it('keeps its memory in a flood of long texts', async () => {
      const long = 'x'.repeat(8 * megabyte);
      const send = () => client.call('getPluginDetails', 's', [long]);
      await send();
      const grown = await grownBy(async () => {
        for (let times = 0; times < 20; times += 1)
          expect((await send()).error).toBe(error('LimitsExceeded'));
      });
      // The client and its bus connection are in this process, too.
      expect(grown).toBeLessThan(150 * megabyte);
    });

    it('finishes an install whose caller went away', async () => {
      const path = await writePackage(fixtures, signer, { version: '3.0.0' });
      const installed = new Promise<string>((resolve) => {
        daemon.events.subscribe((event) => {
          if (event.type === 'installed') resolve(event.version);
        });
      });
      const started = new Promise<void>((resolve) => {
        daemon.events.subscribe((event) => {
          if (event.type === 'verifying') resolve();
        });
      });
      {
        using gone = await RawClient.connect(bus.address);
        void gone.call('installPlugin', 'sb', [path, false]);
        await started;
      }
      expect(await installed).toBe('3.0.0');
      expect(await isUp()).toBe(true);
    });

    it('has its answer before the face is closed', async () => {
      const path = await writePackage(fixtures, signer, { version: '4.0.0' });
      await using second = await PrivateBus.start();
      const closing = await serveDBus(daemon, { env: second.env });
      using caller = await RawClient.connect(second.address);
      const started = new Promise<void>((resolve) => {
        daemon.events.subscribe((event) => {
          if (event.type === 'verifying') resolve();
        });
      });
      const reply = caller.call('installPlugin', 'sb', [path, false]);
      await started;
      await closing[Symbol.asyncDispose]();
      expect(await reply).toEqual({ error: undefined, body: [0] });
      expect((await caller.call('getInstalledPlugins')).error).toBe(error('ServiceUnknown'));
    });
  },
);
