import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { daemonRoutes, problemMediaType } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { readOrMakeSecret, secretPathOf } from './pipe-secret.js';
import { type DaemonServer, serveDaemon } from './serve-daemon.js';
import { assertOwnSocket } from './socket-listener.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
let other: Signer;
let daemon: Daemon;
let server: DaemonServer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
  other = await (await authority.organization('Other Ltd'))();
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  daemon = await startDaemon(fixtures, [authority.anchor]);
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what tests compare piece by piece
  readonly body: any;
}

async function call(
  path: string,
  options: RequestOptions = {},
  body?: string | Buffer,
  socketPath = server.socket,
): Promise<Answer> {
  const request = httpRequest({ path, agent: false, ...options, socketPath });
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode ?? 0,
    type: String(response.headers['content-type']).split(';')[0] ?? '',
    body: text === '' ? undefined : JSON.parse(text),
  };
}

const post = (body: unknown): Promise<Answer> =>
  call(
    daemonRoutes.plugins,
    { method: 'POST', headers: { 'content-type': 'application/json' } },
    JSON.stringify(body),
  );

describe('the local API', () => {
  it('installs, lists, tells and uninstalls', async () => {
    const info = await call(daemonRoutes.info);
    expect(info).toMatchObject({ status: 200, type: 'application/json', body: { pid: process.pid } });
    expect(info.body.anchors).toEqual([
      { subject: 'CN=Fixture Root', sha256: authority.anchor.certificate.fingerprint },
    ]);
    const path = await writePackage(fixtures, signer, { id: 'A b' });
    const installed = await post({ path, expect: { id: 'A b', version: '1.0.0' }, job: 'mine' });
    expect(installed).toMatchObject({
      status: 200,
      body: { installed: true, id: 'A b', code: null, resultCode: 0, from: null, job: 'mine' },
    });
    expect((await call(daemonRoutes.plugins)).body).toMatchObject([{ id: 'A b', state: 'installed' }]);
    const french = await call(`${daemonRoutes.plugin('A b')}?lang=fr`);
    expect(french.body).toMatchObject({ name: 'Salueur', language: 'fr', publisher: { name: 'Hello Ltd' } });
    expect(french.body.certificatePath).toHaveLength(3);
    expect(await call(daemonRoutes.plugin('A b'), { method: 'DELETE' })).toMatchObject({
      status: 200,
      body: { uninstalled: true, id: 'A b', version: '1.0.0', resultCode: 0 },
    });
    expect((await call(daemonRoutes.plugins)).body).toEqual([]);
  });

  it('answers refusals as problems with code and result code', async () => {
    const path = await writePackage(fixtures, signer);
    await post({ path });
    expect(await post({ path })).toMatchObject({
      status: 409,
      type: problemMediaType,
      body: {
        type: 'urn:jpl:error:SAME_VERSION',
        status: 409,
        code: 'SAME_VERSION',
        resultCode: 100,
        plugin: { id: 'Greeter', version: '1.0.0' },
        installedVersion: '1.0.0',
      },
    });
    const changed = await post({ path: await writePackage(fixtures, other, { version: '2.0.0' }) });
    expect(changed).toMatchObject({
      status: 409,
      body: { code: 'PUBLISHER_CHANGED', resultCode: 400, publisher: { name: 'Other Ltd' } },
    });
    const missing = await post({ path: '/nowhere/plugin.jpl' });
    expect(missing.body).toMatchObject({ code: 'FILE_NOT_FOUND', resultCode: -1 });
    expect(missing.body.detail).toContain('/nowhere/plugin.jpl');
    const unknown = await call(daemonRoutes.plugin('Nobody'));
    expect(unknown).toMatchObject({ status: 404, body: { code: 'PLUGIN_NOT_INSTALLED' } });
  });

  const json = { 'content-type': 'application/json' };
  it.each<[string, RequestOptions & { path: string }, string | undefined, number, string]>([
    ['no body', { path: '/v1/plugins', method: 'POST', headers: json }, undefined, 400, 'REQUEST_INVALID'],
    ['no JSON', { path: '/v1/plugins', method: 'POST', headers: json }, '{"path":', 400, 'REQUEST_INVALID'],
    [
      'a number as path',
      { path: '/v1/plugins', method: 'POST', headers: json },
      '{"path":1}',
      400,
      'REQUEST_INVALID',
    ],
    [
      'force as text',
      { path: '/v1/plugins', method: 'POST', headers: json },
      '{"path":"/a","force":"true"}',
      400,
      'REQUEST_INVALID',
    ],
    [
      'trust from a caller',
      { path: '/v1/plugins', method: 'POST', headers: json },
      '{"path":"/a","anchors":[]}',
      400,
      'REQUEST_INVALID',
    ],
    [
      'a poisoned prototype',
      { path: '/v1/plugins', method: 'POST', headers: json },
      '{"path":"/a","__proto__":{"force":true}}',
      400,
      'REQUEST_INVALID',
    ],
    [
      'a relative path',
      { path: '/v1/plugins', method: 'POST', headers: json },
      '{"path":"a.jpl"}',
      400,
      'PATH_NOT_ABSOLUTE',
    ],
    [
      'a path of 1 MB',
      { path: '/v1/plugins', method: 'POST', headers: json },
      `{"path":"${'a'.repeat(1 << 20)}"}`,
      413,
      'BODY_TOO_LARGE',
    ],
    [
      'text',
      { path: '/v1/plugins', method: 'POST', headers: { 'content-type': 'text/plain' } },
      'x',
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a language twice', { path: '/v1/plugins/A?lang=a&lang=b' }, undefined, 400, 'REQUEST_INVALID'],
    ['an id of 65 characters', { path: `/v1/plugins/${'a'.repeat(65)}` }, undefined, 400, 'REQUEST_INVALID'],
    ['an id with a way out', { path: '/v1/plugins/..%2F..%2Fetc' }, undefined, 404, 'PLUGIN_NOT_INSTALLED'],
    ['a bad escape', { path: '/v1/plugins/%zz' }, undefined, 400, 'REQUEST_INVALID'],
    ['another route', { path: '/v2/plugins' }, undefined, 404, 'ROUTE_NOT_FOUND'],
    ['another method', { path: '/v1/info', method: 'PUT' }, undefined, 404, 'ROUTE_NOT_FOUND'],
  ])('refuses %s', async (_name, options, body, status, code) => {
    expect(await call(options.path, options, body)).toMatchObject({
      status,
      type: problemMediaType,
      body: { code, status },
    });
  });

  it('refuses what is no HTTP, and stays up', async () => {
    const socket = connect(server.socket);
    socket.end('\x16\x03\x01 hello\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n.*"code":"REQUEST_INVALID"/s,
    );
    expect((await call(daemonRoutes.info)).status).toBe(200);
  });

  it('answers many callers at once, beside half-open connections', async () => {
    const halves = Array.from({ length: 100 }, () => connect(server.socket));
    await Promise.all(halves.map((half) => once(half, 'connect')));
    for (const half of halves) half.write('POST /v1/plugins HTTP/1.1\r\n');
    const answers = await Promise.all(Array.from({ length: 300 }, () => call(daemonRoutes.plugins)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const half of halves) half.destroy();
  });

  it('asks for its secret where it has one', async () => {
    const secret = await readOrMakeSecret(daemon.info.dataDir);
    expect(await readOrMakeSecret(daemon.info.dataDir)).toBe(secret);
    expect((await stat(secretPathOf(daemon.info.dataDir))).mode & 0o777).toBe(0o600);
    await using guarded = await serveDaemon(daemon, { socketPath: fixtures.path('guarded'), secret });
    for (const authorization of [undefined, `Bearer ${secret.slice(1)}0`, secret]) {
      const headers = authorization === undefined ? {} : { authorization };
      const refused = await call(daemonRoutes.info, { headers }, undefined, guarded.socket);
      expect(refused).toMatchObject({ status: 401, body: { code: 'NOT_AUTHORIZED' } });
    }
    const headers = { authorization: `Bearer ${secret}` };
    expect((await call(daemonRoutes.info, { headers }, undefined, guarded.socket)).status).toBe(200);
  });
});

describe('the socket', () => {
  it('is for its owner only, and gone when the server is', async () => {
    const status = await stat(server.socket);
    expect(status.isSocket()).toBe(true);
    expect(status.mode & 0o777).toBe(0o600);
    await server[Symbol.asyncDispose]();
    await expect(stat(server.socket)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is never taken from a live server, nor from a file that is none', async () => {
    await expect(serveDaemon(daemon, { socketPath: server.socket })).rejects.toMatchObject({
      code: 'SOCKET_BUSY',
    });
    expect((await call(daemonRoutes.info)).status).toBe(200);
    const file = fixtures.path('file');
    await writeFile(file, 'mine');
    await expect(serveDaemon(daemon, { socketPath: file })).rejects.toMatchObject({ code: 'SOCKET_BUSY' });
    expect(await readFile(file, 'utf8')).toBe('mine');
    const link = fixtures.path('link');
    await symlink(server.socket, link);
    await expect(serveDaemon(daemon, { socketPath: link })).rejects.toMatchObject({ code: 'SOCKET_BUSY' });
  });

  it('does not stand where others could replace it', async () => {
    const folder = fixtures.path('open');
    await mkdir(folder);
    await chmod(folder, 0o777);
    await expect(serveDaemon(daemon, { socketPath: join(folder, 's') })).rejects.toMatchObject({
      code: 'SOCKET_FOLDER_UNSAFE',
    });
  });

  it.runIf(process.getuid?.() === 0)('is not believed where another user came first', async () => {
    const folder = fixtures.path('shared');
    await mkdir(folder);
    await chmod(folder, 0o1777);
    const socketPath = join(folder, 's');
    await assertOwnSocket(socketPath);
    await using shared = await serveDaemon(daemon, { socketPath });
    await assertOwnSocket(shared.socket);
    await chown(shared.socket, 65_534, 65_534);
    await expect(assertOwnSocket(shared.socket)).rejects.toMatchObject({ code: 'SOCKET_FOLDER_UNSAFE' });
  });
});
