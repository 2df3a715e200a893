import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { authorityErrorTable } from '@jami-plugin-store/contract';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authority } from '../authority.js';
import type { AuthorityAdmin } from '../authority-admin.js';
import {
  issueChain,
  pluginRequest,
  refusal,
  requestFor,
  scratch,
  type TestAuthority,
  testAuthority,
} from '../authority-fixtures.js';
import { connectAuthority } from '../connect-authority.js';
import { AuthorityError } from '../error.js';
import { initAuthority } from '../init-authority.js';
import { openAuthority } from '../open-authority.js';
import { connectAdmin } from './admin-client.js';
import { type AdminServer, createAdminServer } from './admin-server.js';
import { handleErrors } from './problem.js';

let scene: TestAuthority;
let server: AdminServer;
let socket: string;
let admin: AuthorityAdmin;

beforeEach(async () => {
  scene = await testAuthority();
  server = createAdminServer(scene.authority);
  ({ socket } = await server.listen());
  admin = await connectAuthority({ dir: scene.dir, clock: scene.clock });
});
afterEach(async () => {
  await admin[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function call(
  path: string,
  options: { secret?: string; body?: string; type?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = {};
    if (options.secret !== undefined) headers.authorization = `Bearer ${options.secret}`;
    if (options.body !== undefined) headers['content-type'] = options.type ?? 'application/json';
    const method = options.body === undefined ? 'GET' : 'POST';
    const request = httpRequest({ socketPath: socket, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }),
      );
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

const secretOf = () => readFile(join(scene.dir, 'admin.secret'), 'utf8');

describe('the administrative socket', () => {
  it('can be reached by its owner only', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect((await stat(scene.dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(scene.dir, 'admin.secret'))).mode & 0o777).toBe(0o600);
  });

  it('wants its secret, which is another one at each start', async () => {
    const secret = await secretOf();
    expect(await call('/v1/status')).toMatchObject({ status: 401, body: { code: 'ADMIN_NOT_ALLOWED' } });
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;
    for (const attempt of ['', wrong, `${secret}0`]) {
      expect((await call('/v1/status', { secret: attempt })).status).toBe(401);
      expect((await call('/v1/revocations', { secret: attempt, body: '{}' })).status).toBe(401);
    }
    expect((await call('/v1/status', { secret })).status).toBe(200);
    await server[Symbol.asyncDispose]();
    server = createAdminServer(scene.authority);
    await server.listen();
    expect(await secretOf()).not.toBe(secret);
    expect((await call('/v1/status', { secret })).status).toBe(401);
  });

  it('takes the place of a socket that a killed server left', async () => {
    await server[Symbol.asyncDispose]();
    await writeFile(socket, '');
    server = createAdminServer(scene.authority);
    await server.listen();
    expect((await call('/v1/status', { secret: await secretOf() })).status).toBe(200);
  });

  it('is found in a folder whose path is too long for a socket', async () => {
    await using files = await scratch();
    const dir = join(files.dir, 'x'.repeat(120));
    await initAuthority({ dir, name: 'Far', baseUrl: 'http://ca.example', clock: scene.clock });
    await using authority = await openAuthority({ dir, clock: scene.clock });
    await using far = createAdminServer(authority);
    await far.listen();
    await using remote = await connectAdmin(dir);
    expect((await remote.status()).name).toBe('Far');
  });

  it.each([
    ['/v1/plugins', '{"csr":1,"issuer":"root"}', 400],
    ['/v1/plugins', '{"csr":"AAAA","issuer":"../root"}', 400],
    ['/v1/plugins', '{"csr":"AAAA","issuer":"root","validityDay":3}', 400],
    ['/v1/plugins', '{"csr":"not base64","issuer":"root"}', 400],
    ['/v1/organizations', '{"csr":"AAAA"}', 422],
    ['/v1/organizations', '{"csr":"AAAA","validityDays":0}', 400],
    ['/v1/organizations', '{"csr":"AAAA","validityDays":"7"}', 400],
    ['/v1/organizations', '{"csr":', 400],
    ['/v1/organizations', '[]', 400],
    ['/v1/revocations', '{"certificate":"ff"}', 400],
    ['/v1/revocations', '{"certificate":"ff","reason":"because"}', 422],
    ['/v1/revocations', '{"certificate":"ff","reason":"superseded","__proto__":{"x":1}}', 400],
    ['/v1/nothing', '{}', 404],
  ])('answers %s with %s by a problem', async (path, body, status) => {
    const answer = await call(path, { secret: await secretOf(), body });
    expect(answer.status).toBe(status);
    const code = String(answer.body.code);
    expect(answer.body).toMatchObject({ type: `urn:jpl:error:${code}`, status });
    expect(Object.keys(authorityErrorTable)).toContain(code);
  });

  it('refuses large bodies, other media types and bad queries', async () => {
    const secret = await secretOf();
    const large = await call('/v1/organizations', {
      secret,
      body: JSON.stringify({ csr: 'A'.repeat(200_000) }),
    });
    expect(large).toMatchObject({ status: 413, body: { code: 'REQUEST_TOO_LARGE' } });
    expect((await call('/v1/organizations', { secret, body: 'csr=1', type: 'text/plain' })).status).toBe(400);
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'after=-1', 'kind=queen', 'nonsense=1']) {
      expect((await call(`/v1/certificates?${query}`, { secret })).status, query).toBe(400);
    }
  });
});

describe('an authority behind its server', () => {
  it('does everything that an open one does', async () => {
    expect(admin).not.toBeInstanceOf(Authority);
    const { authority } = scene;
    const organization = await admin.createOrganization({ commonName: 'Acme', country: 'CA', actor: 'Ada' });
    const plugin = await admin.issuePlugin(await pluginRequest(), {
      issuer: organization.keyId,
      validityDays: 3,
    });
    expect(plugin).toEqual(await authority.findCertificate(plugin.fingerprint));
    const outside = await admin.issueOrganization(await requestFor('Outside'), { validityDays: undefined });
    expect(await admin.renewOrganization(organization.organization ?? '')).toMatchObject({
      kind: 'organization',
    });
    const revoked = await admin.revoke({
      certificate: plugin.serialNumber,
      reason: 'superseded',
      actor: 'Ada',
    });
    expect(revoked).toMatchObject({ already: false, certificate: { revocation: { reason: 'superseded' } } });
    expect(await admin.findCertificate(plugin.serialNumber)).toMatchObject({
      revocation: { reason: 'superseded' },
    });
    const search = { kind: 'organization', limit: 2 } as const;
    expect(await admin.listCertificates(search)).toEqual(await authority.listCertificates(search));
    expect(await admin.listCertificates()).toEqual(await authority.listCertificates());
    expect(await admin.listIssuers()).toEqual(await authority.listIssuers());
    expect(await admin.status()).toEqual(await authority.status());
    expect(await admin.requestDelegation(outside.keyId)).toMatchObject({ issuer: outside.keyId });
  });

  it('refuses with the same codes', async () => {
    const { organization } = await issueChain(scene.authority);
    await refusal(admin.issueOrganization(Buffer.from('no')), 'CSR_MALFORMED');
    await refusal(
      admin.issuePlugin(await requestFor('EC'), { issuer: organization.keyId }),
      'CSR_KEY_NOT_RSA',
    );
    await refusal(admin.findCertificate('abcd'), 'CERTIFICATE_NOT_FOUND');
    await refusal(admin.createOrganization({ commonName: 'Acme' }), 'ORGANIZATION_NAME_TAKEN');
    await refusal(admin.requestDelegation(organization.keyId), 'DELEGATION_INVALID');
    await refusal(admin.adoptDelegation(Buffer.from('x')), 'DELEGATION_INVALID');
    await refusal(admin.registerCertificate(Buffer.from('x')), 'CERTIFICATE_NOT_ISSUED_BY');
    await refusal(admin.adoptCrl('root', Buffer.from('x')), 'CRL_REFUSED');
  });

  it('is not believed when it makes no sense', async () => {
    for (const [status, text] of [
      [200, '{}'],
      [200, 'hello'],
      [500, '{"code":"NOBODY_KNOWS","type":"","title":"","status":500,"detail":""}'],
      [302, ''],
    ] as const) {
      await using files = await scratch();
      await files.file('admin.secret', 'x');
      const impostor = createServer((_request, response) => response.writeHead(status).end(text));
      impostor.listen(join(files.dir, 'admin.sock'));
      await once(impostor, 'listening');
      await refusal(connectAdmin(files.dir), 'ADMIN_ANSWER_INVALID');
      impostor.close();
    }
  });

  it('is not there when the server is gone', async () => {
    await server[Symbol.asyncDispose]();
    await refusal(admin.status(), 'ADMIN_UNREACHABLE');
    await refusal(connectAdmin(scene.dir), 'ADMIN_UNREACHABLE');
    await using files = await scratch();
    await refusal(connectAuthority({ dir: files.dir, clock: scene.clock }), 'AUTHORITY_NOT_FOUND');
    server = createAdminServer(scene.authority);
    await server.listen();
  });
});

it('says nothing about a failure of its own, but to its log', async () => {
  const app = Fastify();
  const reported: unknown[] = [];
  handleErrors(app, (error) => reported.push(error));
  const failure = new Error('the secret is 42');
  app.get('/', () => Promise.reject(failure));
  const answer = await app.inject('/');
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(answer.body).not.toContain('42');
  expect(reported).toEqual([failure]);
});

it('has a row with a status and a title for every code', () => {
  for (const [code, row] of Object.entries(authorityErrorTable)) {
    expect(row.status, code).toBeGreaterThanOrEqual(400);
    expect(row.title, code).toMatch(/^[A-Z]/);
  }
  expect(new AuthorityError('CSR_MALFORMED', 'Because.', { cause: 1 }).cause).toBe(1);
});
