import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type DaemonEvent, daemonRoutes } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, startDaemon } from '../daemon-fixtures.js';
import { type DaemonServer, type ServeOptions, serveDaemon } from './serve-daemon.js';

let fixtures: DaemonFixtures;
let daemon: Daemon;
let server: DaemonServer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  daemon = await startDaemon(fixtures, []);
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

async function serveWith(options: Partial<ServeOptions>): Promise<void> {
  await server[Symbol.asyncDispose]();
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50, ...options });
}

const tell = (plugin: string): void => daemon.events.append({ type: 'uninstalled', plugin, version: null });

interface Message {
  readonly name: string;
  readonly event: DaemonEvent;
}

async function openStream(lastEventId?: string): Promise<IncomingMessage> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const { socket: socketPath } = server;
  const request = httpRequest({ path: daemonRoutes.events, headers, agent: false, socketPath });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  return response;
}

/** The next messages of a stream; ends it when `count` have come. */
async function take(response: IncomingMessage, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  let rest = '';
  for await (const chunk of response) {
    const parts = (rest + String(chunk)).split('\n\n');
    rest = parts.pop() ?? '';
    messages.push(...parts.filter((part) => /^(id|event):/.test(part)).map(parseMessage));
    if (messages.length >= count) return messages;
  }
  throw new Error(`the stream ended after ${messages.length} messages`);
}

function parseMessage(message: string): Message {
  return {
    name: /^event: (.*)$/m.exec(message)?.[1] ?? '',
    event: JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? ''),
  };
}

/** A listener that sends its request and reads nothing. */
async function silentListener(): Promise<Socket> {
  const socket = connect(server.socket);
  socket.on('error', () => undefined);
  socket.write(`GET ${daemonRoutes.events} HTTP/1.1\r\nhost: x\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

describe('the event stream', () => {
  it('tells what happens, and goes on where it was cut off', async () => {
    const stream = await openStream();
    for (const plugin of ['One', 'Two', 'Three']) tell(plugin);
    const [first] = await take(stream, 1);
    expect(first).toMatchObject({ name: 'uninstalled', event: { plugin: 'One' } });
    const rest = await take(await openStream(first?.event.id), 2);
    expect(rest).toMatchObject([{ event: { plugin: 'Two' } }, { event: { plugin: 'Three' } }]);
  });

  it('says when it cannot', async () => {
    for (const id of ['0123456789abcdef-1', 'nonsense', `${'9'.repeat(30)}`])
      expect(await take(await openStream(id), 1)).toMatchObject([{ name: 'reset', event: {} }]);
  });

  it('has a bounded number of listeners', async () => {
    await serveWith({ maxStreams: 1 });
    const first = await openStream();
    const { socket: socketPath } = server;
    const request = httpRequest({ path: daemonRoutes.events, agent: false, socketPath }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(503);
    expect(JSON.parse(String((await once(response, 'data'))[0]))).toMatchObject({
      code: 'TOO_MANY_LISTENERS',
    });
    first.destroy();
  });

  it('loses nothing and tells nothing twice, however often listeners are cut off under load', async () => {
    const total = 600;
    const listen = async (seed: number, opened: () => void): Promise<string[]> => {
      const heard: string[] = [];
      let last: string | undefined;
      for (let turn = 0; heard.length < total; turn += 1) {
        const count = Math.min(1 + ((seed * 31 + turn * 17) % 90), total - heard.length);
        const stream = await openStream(last);
        opened();
        // More than asked for may have come with the last chunk: only what counts is heard, the rest comes again.
        const messages = (await take(stream, count)).slice(0, count);
        heard.push(
          ...messages.map(({ event }) => (event.type === 'uninstalled' ? event.plugin : event.type)),
        );
        last = messages.at(-1)?.event.id;
      }
      return heard;
    };
    const seeds = Array.from({ length: 10 }, (_, seed) => seed);
    const listening: Promise<string[]>[] = [];
    await Promise.all(
      seeds.map((seed) => new Promise<void>((opened) => listening.push(listen(seed, opened)))),
    );
    const told = Array.from({ length: total }, (_, number) => `plugin ${number}`);
    for (const [number, plugin] of told.entries()) {
      tell(plugin);
      if (number % 10 === 0) await new Promise(setImmediate);
    }
    for (const heard of await Promise.all(listening)) expect(heard).toEqual(told);
  });
});

describe('a listener that reads slowly', () => {
  it('gets everything when it reads on', async () => {
    const socket = await silentListener();
    const big = 'x'.repeat(4_000);
    for (let number = 0; number < 1_000; number += 1) tell(`${number}-${big}`);
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('"plugin":"999-')) break;
    }
    const numbers = [...text.matchAll(/"plugin":"(\d+)-/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
  });

  it('costs no memory for what it does not read', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, silentListener));
    const before = process.memoryUsage();
    const big = 'x'.repeat(4_000);
    for (let number = 0; number < 20_000; number += 1) {
      tell(`${number}-${big}`);
      if (number % 100 === 0) await new Promise(setImmediate);
    }
    const after = process.memoryUsage();
    const grown = after.rss - before.rss;
    // 200 listeners were told of 80 MB each.
    expect(grown).toBeLessThan(200 * 1024 * 1024);
    for (const socket of sockets) socket.destroy();
  });

  it('is cut off when the log has gone on without it, and told so when it comes again', async () => {
    const socket = await silentListener();
    const big = 'x'.repeat(4_000);
    const closed = once(socket, 'close');
    for (let number = 0; number < 3_000; number += 1) tell(`${number}-${big}`);
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    await closed;
    const last = [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1];
    expect(last).toBeDefined();
    expect(text).not.toContain('"plugin":"2999-');
    expect(await take(await openStream(last), 1)).toMatchObject([{ name: 'reset' }]);
  });

  it('is cut off when it takes nothing from one heartbeat to the next', async () => {
    await serveWith({ heartbeatMs: 250 });
    const socket = await silentListener();
    const reader = await openStream();
    const big = 'x'.repeat(4_000);
    for (let number = 0; number < 900; number += 1) tell(`${number}-${big}`);
    const ended = once(socket, 'close');
    // Whoever reads beside it hears all of them, and then the beats alone.
    let text = '';
    for await (const chunk of reader) {
      text += String(chunk);
      if (/"plugin":"899-.*(?:\n\n:){4}/s.test(text.slice(-8_000))) break;
    }
    socket.resume();
    await ended;
  });
});
