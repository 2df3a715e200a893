import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { daemonRoutes } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, startDaemon } from '../daemon-fixtures.js';
import { secretForCallers, secretPathOf } from './pipe-secret.js';
import { type DaemonServer, serveDaemon } from './serve-daemon.js';
import { privateSocketPath, socketPathOf } from './socket-path.js';

const megabyte = 1024 * 1024;

let fixtures: DaemonFixtures;
let daemon: Daemon;
let server: DaemonServer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  daemon = await startDaemon(fixtures, []);
  server = await serveDaemon(daemon, {
    socketPath: fixtures.path('s'),
    closeGraceMs: 50,
    headersTimeoutMs: 300,
    requestTimeoutMs: 600,
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
}

async function call(options: RequestOptions, body?: string): Promise<Answer> {
  const request = httpRequest({ agent: false, ...options, socketPath: options.socketPath ?? server.socket });
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { code?: string };
  return { status: response.statusCode ?? 0, code };
}

const post = (body: unknown): Promise<Answer> =>
  call(
    { path: daemonRoutes.plugins, method: 'POST', headers: { 'content-type': 'application/json' } },
    JSON.stringify(body),
  );
const isUp = async (): Promise<boolean> => (await call({ path: daemonRoutes.info })).status === 200;

/** Connections that began a request and do not go on. */
async function halfOpen(count: number): Promise<Socket[]> {
  const halves = Array.from({ length: count }, () => connect(server.socket).on('error', () => undefined));
  await Promise.all(halves.map((half) => once(half, 'connect')));
  for (const half of halves) half.write('POST /v1/plugins HTTP/1.1\r\n');
  return halves;
}

/** What a raw connection is told before it is ended. */
async function told(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** Bytes by which memory has grown, after what can be collected had a chance to be. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  await work();
  return process.memoryUsage().rss - before;
}

describe('texts of 1 MB', () => {
  const long = 'x'.repeat(megabyte);
  it.each<[string, () => Promise<Answer>, Answer]>([
    ['as a path', () => post({ path: `/${long}` }), { status: 413, code: 'BODY_TOO_LARGE' }],
    [
      'as an expected id',
      () => post({ path: '/a', expect: { id: long } }),
      { status: 413, code: 'BODY_TOO_LARGE' },
    ],
    ['as an address', () => call({ path: `/v1/plugins/${long}` }), { status: 400, code: 'REQUEST_INVALID' }],
    [
      'as a language',
      () => call({ path: `${daemonRoutes.plugins}?lang=${long}` }),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    [
      'as a header',
      () => call({ path: daemonRoutes.events, headers: { 'last-event-id': long } }),
      { status: 400, code: 'REQUEST_INVALID' },
    ],
    ['as a method', () => call({ path: '/', method: long }), { status: 400, code: 'REQUEST_INVALID' }],
  ])('are refused %s', async (_where, work, answer) => {
    expect(await work()).toEqual(answer);
    expect(await isUp()).toBe(true);
  });

  it('as a body in chunks end at the limit', async () => {
    const socket = connect(server.socket);
    socket.write('POST /v1/plugins HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('transfer-encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let sent = 0; sent < 64; sent += 1) socket.write(chunk);
    expect(await told(socket)).toContain('"code":"BODY_TOO_LARGE"');
  });
});

describe('callers that do not come to an end', () => {
  it.each([
    ['say nothing', ''],
    ['stop in the first line', 'GET /v1/in'],
    ['stop in the head', 'POST /v1/plugins HTTP/1.1\r\nhost: x\r\n'],
    [
      'stop in the body',
      'POST /v1/plugins HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"path"',
    ],
  ])('are let go: who %s', async (_what, bytes) => {
    const socket = connect(server.socket);
    socket.write(bytes);
    expect(await told(socket)).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    expect(await isUp()).toBe(true);
  });

  it('are let go: who sends a byte now and then', async () => {
    const socket = connect(server.socket);
    const drip = setInterval(() => socket.write('x'), 20);
    socket.write('GET /v1/info HTTP/1.1\r\nx-slow: ');
    await told(socket);
    clearInterval(drip);
    expect(await isUp()).toBe(true);
  });

  it('are let go: a thousand of them', async () => {
    const halves = await halfOpen(1_000);
    await Promise.all(halves.map((half) => new Promise((resolve) => half.resume().once('close', resolve))));
    expect(await isUp()).toBe(true);
  });

  it('cost little memory where they ask for a lot and read nothing', async () => {
    const grown = await growthOf(async () => {
      const sockets = Array.from({ length: 20 }, () => connect(server.socket));
      const request = 'GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(300);
      for (const socket of sockets) socket.on('error', () => undefined).write(request);
      for (let turn = 0; turn < 20; turn += 1) expect(await isUp()).toBe(true);
      for (const socket of sockets) socket.destroy();
    });
    expect(grown).toBeLessThan(100 * megabyte);
  });
});

describe('a thousand callers at once', () => {
  // With a thousand others each may have to wait a while: it is not impatience that is tried here.
  beforeEach(async () => {
    await server[Symbol.asyncDispose]();
    server = await serveDaemon(daemon, { socketPath: fixtures.path('patient'), closeGraceMs: 50 });
  });

  it('are all answered, and leave nothing', async () => {
    const grown = await growthOf(async () => {
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, number) =>
          number % 2 === 0 ? call({ path: daemonRoutes.plugins }) : post({ path: number }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(500);
      expect(answers.filter(({ code }) => code === 'REQUEST_INVALID')).toHaveLength(500);
    });
    expect(grown).toBeLessThan(200 * megabyte);
  });

  it('are answered beside a thousand half-open connections', async () => {
    const halves = await halfOpen(1_000);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => call({ path: daemonRoutes.plugins })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const half of halves) half.destroy();
  });

  it('do not grow the daemon call by call', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const round = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 1_000 }, () => call({ path: daemonRoutes.plugin('Nobody'), agent })),
      );
    };
    await round();
    const grown = await growthOf(async () => {
      for (let rounds = 0; rounds < 3; rounds += 1) await round();
    });
    agent.destroy();
    expect(grown).toBeLessThan(100 * megabyte);
  });
});

describe('a named pipe', () => {
  it('asks for the secret of the data folder, whoever serves it', async () => {
    // Elsewhere than on Windows the pipe's name is that of a socket in the working folder: all else is as there.
    const folder = fixtures.path('cwd');
    await mkdir(folder);
    const home = process.cwd();
    process.chdir(folder);
    try {
      const socketPath = socketPathOf(daemon.info.dataDir, { system: 'win32' });
      await using piped = await serveDaemon(daemon, { socketPath, closeGraceMs: 50 });
      expect(piped.socket).toBe(socketPath);
      const secret = await secretForCallers(daemon.info.dataDir, 'win32');
      expect(secret).toBe(await readFile(secretPathOf(daemon.info.dataDir), 'utf8'));
      const asked = { path: daemonRoutes.info, socketPath: join(folder, socketPath) };
      expect(await call(asked)).toEqual({ status: 401, code: 'NOT_AUTHORIZED' });
      const headers = { authorization: `Bearer ${secret}` };
      expect((await call({ ...asked, headers })).status).toBe(200);
      expect(await secretForCallers(daemon.info.dataDir, 'linux')).toBeUndefined();
    } finally {
      process.chdir(home);
    }
  });

  it('has no secret before there was a daemon', async () => {
    expect(await secretForCallers(fixtures.path('nobody'), 'win32')).toBeUndefined();
  });

  it('has a name nobody can guess where it is for one command only', () => {
    const names = [1, 2].map(() => privateSocketPath('C:\\Temp', 'win32'));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^\\\\\.\\pipe\\jpl-[0-9a-f-]{36}$/);
    expect(privateSocketPath('/tmp/x', 'linux')).toBe('/tmp/x/daemon.sock');
  });
});
