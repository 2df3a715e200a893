import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { createTestTimer, rejection, temporaryFolder } from '../network/test-server-fixtures.js';
import { type ConnectDaemonOptions, connectDaemon } from './connect-daemon.js';
import type { DaemonNews } from './daemon-api.js';
import { DaemonRefusal } from './daemon-refusal.js';

// What answers here is not a daemon: these are the ways a connection to one can go wrong. The daemon itself is met in
// tests/client-system.test.ts.
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let socketPath: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  socketPath = join(folder.path, 'd.sock');
});
afterEach(() => folder[Symbol.asyncDispose]());

async function answer(listener: RequestListener): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer(listener);
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const connect = (options: ConnectDaemonOptions = {}) =>
  connectDaemon(socketPath, { timer: createTestTimer(10_000), reconnectMs: [1], ...options });

const problem = {
  type: 'urn:jpl:error:CERTIFICATE_REVOKED',
  title: 'Revoked',
  status: 422,
  detail: 'The certificate of Greeter was revoked',
  code: 'CERTIFICATE_REVOKED',
  resultCode: 400,
  certificate: 'CN=Greeter',
};

describe('a call', () => {
  test.each([
    ['nothing there', () => undefined],
    ['a plain file', () => writeFileSync(socketPath, '')],
    [
      'a folder that is a file',
      () => {
        writeFileSync(join(folder.path, 'file'), '');
        socketPath = join(folder.path, 'file', 'd.sock');
      },
    ],
  ])('finds no daemon: %s', async (_, prepare) => {
    prepare();
    await using daemon = connect();
    const error = await rejection(daemon.info());
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'DAEMON_UNAVAILABLE', network: undefined, at: socketPath });
    expect((error as Error).message).toMatch(/not running/);
  });

  test('tells a refusal from a failure', async () => {
    const asked: unknown[] = [];
    await using _server = await answer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        asked.push([request.method, request.url, Buffer.concat(chunks).toString()]);
        response.writeHead(422, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      });
    });
    await using daemon = connect();
    const error = await rejection(daemon.install({ path: '/x.jpl', expect: { id: 'Greeter' } }));
    expect(error).toBeInstanceOf(DaemonRefusal);
    expect(error).toMatchObject({
      code: 'CERTIFICATE_REVOKED',
      resultCode: 400,
      message: problem.detail,
      problem,
    });
    expect(await rejection(daemon.uninstall('a b'))).toBeInstanceOf(DaemonRefusal);
    expect(await rejection(daemon.details('x', { language: 'fr;q=1' }))).toBeInstanceOf(DaemonRefusal);
    expect(asked).toEqual([
      ['POST', '/v1/plugins', '{"path":"/x.jpl","expect":{"id":"Greeter"}}'],
      ['DELETE', '/v1/plugins/a%20b', ''],
      ['GET', '/v1/plugins/x?lang=fr%3Bq%3D1', ''],
    ]);
  });

  test.each<[string, RequestListener, string]>([
    ['another JSON', (_, response) => response.end('{"pid":"one"}'), 'DAEMON_ANSWER_INVALID'],
    ['no JSON', (_, response) => response.end('<html>'), 'DAEMON_ANSWER_INVALID'],
    ['a bare status', (_, response) => response.writeHead(500).end(), 'DAEMON_ANSWER_INVALID'],
    ['an error without reason', (_, response) => response.writeHead(404).end('{}'), 'DAEMON_ANSWER_INVALID'],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: '/' }).end('{}'),
      'DAEMON_ANSWER_INVALID',
    ],
    ['too much', (_, response) => response.end(Buffer.alloc(9 * 1024 * 1024, ' ')), 'DAEMON_ANSWER_INVALID'],
    ['nothing, and hangs up', (request) => request.socket.destroy(), 'DAEMON_UNAVAILABLE'],
    [
      'half of it, and hangs up',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{', () => response.destroy());
      },
      'DAEMON_UNAVAILABLE',
    ],
    ['nothing at all', () => undefined, 'DAEMON_UNAVAILABLE'],
  ])('gets %s', async (_, listener, code) => {
    await using _server = await answer(listener);
    await using daemon = connect({ answerTimeoutMs: 100 });
    expect(await rejection(daemon.info())).toMatchObject({ name: 'ClientError', code });
  });

  test('ends by its signal and with the connection', async () => {
    const controller = new AbortController();
    let arrive = (): void => controller.abort();
    await using _server = await answer(() => arrive());
    await using daemon = connect();
    expect(await rejection(daemon.list({ signal: controller.signal }))).toMatchObject({ code: 'CANCELED' });
    arrive = () => void daemon[Symbol.asyncDispose]();
    expect(await rejection(daemon.list())).toMatchObject({ code: 'CLIENT_CLOSED' });
  });
});

describe('events', () => {
  const run = 'a1b2c3d4e5f60718';
  const event = (number: number, extra: object = {}) => ({
    id: `${run}-${number}`,
    at: '2026-11-22T00:00:00Z',
    type: 'uninstalled',
    plugin: 'Greeter',
    version: null,
    ...extra,
  });
  const message = (number: number, data: object = event(number)): string =>
    `id: ${run}-${number}\nevent: uninstalled\ndata: ${JSON.stringify(data)}\n\n`;

  test('come in order, survive a break, and go on where they were', async () => {
    const seen: (string | undefined)[] = [];
    await using _server = await answer((request, response) => {
      seen.push(request.headers['last-event-id'] as string | undefined);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (seen.length === 1) response.write(message(1), () => response.destroy());
      if (seen.length === 2) request.socket.destroy();
      if (seen.length === 3) response.write(message(2));
    });
    await using daemon = connect();
    const news: string[] = [];
    for await (const item of daemon.events()) {
      news.push(describeNews(item));
      if (item.type === 'event' && item.event.id.endsWith('-2')) break;
    }
    expect(news).toEqual(['connected', 'event 1', 'lost DAEMON_UNAVAILABLE', 'connected resumed', 'event 2']);
    expect(seen).toEqual([undefined, `${run}-1`, `${run}-1`]);
  });

  test('a daemon that is not there yet is waited for, and told of once', async () => {
    const timer = createTestTimer(10_000);
    const news: string[] = [];
    let server: AsyncDisposable | undefined;
    const controller = new AbortController();
    const starting = {
      after: (ms: number, then: () => void) => {
        if (timer.asked.length === 4) {
          void answer((_, response) => response.writeHead(200).write(': hello\n\n')).then((started) => {
            server = started;
            then();
          });
          return () => undefined;
        }
        return timer.after(ms, then);
      },
    };
    await using waiting = connect({ timer: starting, reconnectMs: [1, 2, 3] });
    for await (const item of waiting.events({ signal: controller.signal })) {
      news.push(describeNews(item));
      if (item.type === 'connected') controller.abort();
    }
    expect(news).toEqual(['lost DAEMON_UNAVAILABLE', 'connected']);
    expect(timer.asked).toEqual([1, 2, 3, 3]);
    await server?.[Symbol.asyncDispose]();
  });

  test('a reset starts over; what is unknown is passed over; what is no event breaks the stream', async () => {
    let connections = 0;
    await using _server = await answer((_, response) => {
      connections += 1;
      response.writeHead(200).write(': hello\n\n');
      if (connections === 1) {
        response.write('event: reset\ndata: {}\n\n');
        response.write(message(1, event(1, { type: 'of-the-future' })));
        response.write(message(2));
        response.write('data: {\n\n');
      }
    });
    await using daemon = connect();
    const news: string[] = [];
    for await (const item of daemon.events()) {
      news.push(describeNews(item));
      if (item.type === 'connected' && news.length > 1) break;
    }
    expect(news).toEqual([
      'connected',
      'reset',
      'event 2',
      'lost DAEMON_ANSWER_INVALID',
      'connected resumed',
    ]);
  });

  test('a refusal to give events is a loss with its reason', async () => {
    await using _server = await answer((_, response) => response.writeHead(422).end(JSON.stringify(problem)));
    await using daemon = connect();
    for await (const item of daemon.events()) {
      expect(describeNews(item)).toBe('lost DAEMON_UNAVAILABLE');
      expect(item.type === 'lost' && item.error.message).toMatch(/was revoked/);
      break;
    }
    rmSync(socketPath, { force: true });
  });
});

function describeNews(news: DaemonNews): string {
  if (news.type === 'event') return `event ${news.event.id.split('-')[1]}`;
  if (news.type === 'lost') return `lost ${news.error.code}`;
  if (news.type === 'connected') return news.resumed ? 'connected resumed' : 'connected';
  return news.type;
}
