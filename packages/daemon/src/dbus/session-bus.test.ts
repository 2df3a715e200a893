import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, startDaemon } from '../daemon-fixtures.js';
import { busSkipMessage, PrivateBus } from './bus-fixtures.js';
import { busName } from './plugin-manager-interface.js';
import { type DBusOptions, serveDBus } from './serve-dbus.js';

let fixtures: DaemonFixtures;
let daemon: Daemon;
beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  daemon = await startDaemon(fixtures, []);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await fixtures[Symbol.asyncDispose]();
});

const serve = (env: Record<string, string>, options: DBusOptions = {}) =>
  serveDBus(daemon, { env, ...options });

/** A listener that is no bus: it answers what `speak` says. */
async function impostor(
  speak: (line: string, socket: Socket) => void,
): Promise<{ env: Record<string, string> } & Disposable> {
  const path = fixtures.path('bus');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', (chunk) => speak(String(chunk), socket));
  }).listen(path);
  await once(server, 'listening');
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('a session bus that cannot be used', () => {
  it.each([
    ['is not named', {}],
    ['is not there', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' }],
    ['is not there by default', { XDG_RUNTIME_DIR: '/nowhere' }],
    [
      'is not there at any address',
      { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/1;unix:path=/nowhere/2' },
    ],
  ])('is told: it %s', async (_what, env) => {
    await expect(serve(env)).rejects.toMatchObject({ code: 'DBUS_UNAVAILABLE' });
  });

  it.each<[string, (line: string, socket: Socket) => void]>([
    ['says nothing', () => undefined],
    ['hangs up', (_line, socket) => socket.end()],
    ['refuses this user', (line, socket) => line.includes('AUTH') && socket.write('REJECTED ANONYMOUS\r\n')],
    ['greets without end', (_line, socket) => socket.write('x'.repeat(100_000))],
    [
      'takes the user and then says nothing',
      (line, socket) => line.includes('AUTH') && socket.write('OK 0af\r\n'),
    ],
    [
      'speaks something else',
      (line, socket) =>
        socket.write(line.includes('AUTH') ? 'OK 0af\r\n' : 'HTTP/1.1 400 Bad Request\r\n\r\n'),
    ],
  ])('is told: it %s', async (_what, speak) => {
    using bus = await impostor(speak);
    await expect(serve(bus.env, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'DBUS_UNAVAILABLE' });
  });

  it('is given up in time, also when the collector takes what nobody holds', async () => {
    using bus = await impostor(() => undefined);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const collecting = setInterval(collect, 10);
    try {
      await expect(serve(bus.env, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'DBUS_UNAVAILABLE' });
    } finally {
      clearInterval(collecting);
    }
  });

  it('is asked as this user and in no other way', async () => {
    const lines: string[] = [];
    using bus = await impostor((line, socket) => {
      lines.push(line);
      if (line.includes('AUTH')) socket.write('REJECTED EXTERNAL DBUS_COOKIE_SHA1 ANONYMOUS\r\n');
    });
    await expect(serve(bus.env, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'DBUS_UNAVAILABLE' });
    const uid = Buffer.from(String(process.getuid?.())).toString('hex');
    expect(lines.join('')).toBe(`\0AUTH EXTERNAL ${uid}\r\n`);
  });
});

describe.skipIf(busSkipMessage !== undefined)(
  `a session bus${busSkipMessage === undefined ? '' : ` (${busSkipMessage})`}`,
  () => {
    it('is found among several addresses', async () => {
      await using bus = await PrivateBus.start();
      const DBUS_SESSION_BUS_ADDRESS = `unix:path=/nowhere;${bus.address}`;
      await using face = await serve({ DBUS_SESSION_BUS_ADDRESS });
      expect(face.name).toBe(busName);
      expect((await bus.call('getInstalledPlugins')).out).toBe('as 0');
    });

    it('gives its name to one daemon at a time', async () => {
      await using bus = await PrivateBus.start();
      {
        await using face = await serve(bus.env);
        await expect(serve(bus.env)).rejects.toMatchObject({ code: 'DBUS_NAME_TAKEN' });
        expect((await bus.call('getInstalledPlugins')).out).toBe('as 0');
        expect(face.name).toBe(busName);
      }
      expect((await bus.call('getInstalledPlugins')).status).not.toBe(0);
      await using again = await serve(bus.env);
      expect(again.name).toBe(busName);
    });

    it('that goes away is looked for until it is back', async () => {
      const address = `unix:path=${fixtures.path('bus')}`;
      const warnings: string[] = [];
      const logger = { warn: (_about: object, message: string) => void warnings.push(message) };
      const first = await PrivateBus.start(address);
      await using face = await serve(first.env, { reconnectMs: [5, 20], logger });
      await first[Symbol.asyncDispose]();
      await using second = await PrivateBus.start(address);
      expect(await second.gdbus('wait', '--session', '--timeout', '20', face.name)).toMatchObject({
        status: 0,
      });
      expect((await second.call('getInstalledPlugins')).out).toBe('as 0');
      expect(warnings[0]).toContain('looked for again');
    });

    it('that went away does not hold up the end', async () => {
      const bus = await PrivateBus.start();
      const face = await serve(bus.env, { reconnectMs: [60_000] });
      await bus[Symbol.asyncDispose]();
      await face[Symbol.asyncDispose]();
    });
  },
);
