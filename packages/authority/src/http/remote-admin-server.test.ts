import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request as httpsRequest, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  type AdminRole,
  type AdminRoute,
  administrationServerName,
  authorityAdminRoutes,
} from '@jami-plugin-store/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdministrationCa } from '../administration/administration-ca.js';
import { type CredentialFile, readCredentialFile } from '../administration/credential-file.js';
import type { AuthorityAdmin } from '../authority-admin.js';
import {
  dayMs,
  isInstalled,
  issueChain,
  openssl,
  pluginRequest,
  refusal,
  requestFor,
  scratch,
  type TestAuthority,
  testAuthority,
  testClock,
} from '../authority-fixtures.js';
import { toPem } from '../pem.js';
import { createKeyAndCsr } from '../x509/create-key-and-csr.js';
import { exportPrivateKey, generateKey, spkiOf } from '../x509/key.js';
import { type AdminServer, createAdminServer } from './admin-server.js';
import { connectRemoteAuthority } from './remote-admin-client.js';
import { createRemoteAdminServer, type RemoteAdminServer } from './remote-admin-server.js';

let scene: TestAuthority;
let server: RemoteAdminServer;
let url: string;
const bundles: Record<string, string> = {};

// TLS judges by the time of day, whatever it is.
const now = () => testClock(new Date().toISOString());

const issueCredential = async (name: string, role: 'reviewer' | 'store', validityDays?: number) =>
  (await scene.authority.issueCredential({ name, role, validityDays })).bundlePem;

beforeAll(async () => {
  scene = await testAuthority({ clock: now() });
  server = createRemoteAdminServer(scene.authority, { rateLimit: { burst: 10_000, perSecond: 1 } });
  ({ url } = await server.listen({ port: 0 }));
  bundles.reviewer = await issueCredential('ada', 'reviewer');
  bundles.store = await issueCredential('store-1', 'store');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const fileOf = (bundle = ''): CredentialFile => readCredentialFile(Buffer.from(bundle), undefined);

const clientOf = (bundle = '', at = url): AuthorityAdmin =>
  connectRemoteAuthority({ url: at, credential: Buffer.from(bundle) });

interface Identity {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly agent?: Agent | undefined;
}

const identityOf = (bundle = ''): Identity => {
  const { certificatePem, key } = fileOf(bundle);
  return { cert: certificatePem, key: exportPrivateKey(key, undefined) };
};

/** One request as any TLS client makes it. */
async function ask(
  { method, path }: Pick<AdminRoute, 'method' | 'path'>,
  identity: Identity,
  body = method === 'POST' ? '{}' : undefined,
): Promise<{ status: number; code: string | undefined; text: string }> {
  const options: RequestOptions = {
    method,
    path: path.replace(':certificate', 'ff'),
    host: '127.0.0.1',
    port: new URL(url).port,
    ca: fileOf(bundles.store).caPem,
    servername: administrationServerName,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    agent: identity.agent ?? false,
    ...identity,
  };
  const request = httpsRequest(options).end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode, code: text === '' ? undefined : JSON.parse(text).code, text };
}

const status = authorityAdminRoutes.status;

describe('who may call what', () => {
  let socket: AdminServer;
  let secret: string;
  let socketPath: string;
  beforeAll(async () => {
    socket = createAdminServer(scene.authority);
    ({ socket: socketPath } = await socket.listen());
    secret = await readFile(`${scene.dir}/admin.secret`, 'utf8');
  });
  afterAll(() => socket[Symbol.asyncDispose]());

  const askAs = async (role: AdminRole, route: AdminRoute) => {
    if (role !== 'operator') return ask(route, identityOf(bundles[role]));
    const { request } = await import('node:http');
    const sent = request({
      socketPath,
      method: route.method,
      path: route.path.replace(':certificate', 'ff'),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    }).end(route.method === 'POST' ? '{}' : undefined);
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const { code } = JSON.parse(Buffer.concat(chunks).toString());
    return { status: response.statusCode as number, code: code as string | undefined };
  };

  it.each(Object.entries(authorityAdminRoutes))('is said by the table: %s', async (_name, route) => {
    for (const role of ['operator', 'reviewer', 'store'] as const) {
      const { status, code } = await askAs(role, route);
      if ((route.roles as readonly AdminRole[]).includes(role)) {
        expect([200, 400, 404], `${role}: ${code}`).toContain(status);
        expect(code).not.toBe('ROUTE_NOT_FOUND');
      } else {
        expect([status, code], role).toEqual([403, 'CREDENTIAL_ROLE_FORBIDS']);
      }
    }
    expect(await ask(route, {})).toMatchObject({ status: 401, code: 'CREDENTIAL_MISSING' });
  });

  it('is nothing at all at another address', async () => {
    for (const path of ['/', '/v1', '/v1/Status', '/v1/status/', '/ocsp', '/v1/certificates/a/b']) {
      const asked = await ask({ method: 'GET', path }, identityOf(bundles.reviewer));
      expect(asked, path).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
      expect((await ask({ method: 'GET', path }, {})).code, path).toBe('CREDENTIAL_MISSING');
    }
    const head = { method: 'HEAD', path: '/v1/credentials' } as unknown as AdminRoute;
    expect((await ask(head, identityOf(bundles.reviewer))).status).toBe(403);
    expect((await ask({ ...head, path: '/v1/status' }, identityOf(bundles.reviewer))).status).toBe(200);
  });
});

describe('what a reviewer does from afar', () => {
  it('is what an operator does here, under its own name', async () => {
    await using admin = clientOf(bundles.reviewer);
    const { authority } = scene;
    const csr = await requestFor('From Afar');
    const checked = await admin.checkRequest(csr, { use: 'organization' });
    const issued = await admin.issueOrganization(csr, { actor: 'the king' });
    expect(issued).toMatchObject({ kind: 'organization', keyId: checked.keyId });
    const hosted = await admin.createOrganization({ commonName: 'Hosted Afar' });
    const plugin = await admin.issuePlugin(await pluginRequest(), { issuer: hosted.keyId, actor: 'root' });
    await admin.revoke({ certificate: plugin.fingerprint, reason: 'superseded', actor: 'nobody' });
    expect(await admin.status()).toEqual(await authority.status());
    expect(await admin.listIssuers()).toEqual(await authority.listIssuers());
    expect(await admin.listCertificates()).toEqual(await authority.listCertificates());
    await refusal(admin.listCredentials(), 'CREDENTIAL_ROLE_FORBIDS');
    const ledger = await readFile(`${scene.dir}/ledger`, 'utf8');
    expect(ledger.match(/"actor":"ada"/g)).toHaveLength(4);
    expect(ledger).not.toMatch(/"actor":"(the king|root|nobody)"/);
  });

  it('is refused for a store: it relays, it does not decide', async () => {
    await using admin = clientOf(bundles.store);
    const csr = await requestFor('Stolen Store');
    const { plugin } = await issueChain(scene.authority, 'Relayed');
    const before = await scene.authority.status();
    await refusal(admin.issueOrganization(csr), 'CREDENTIAL_ROLE_FORBIDS');
    await refusal(admin.createOrganization({ commonName: 'X' }), 'CREDENTIAL_ROLE_FORBIDS');
    const issuer = plugin.issuer;
    await refusal(admin.issuePlugin(await pluginRequest(), { issuer }), 'CREDENTIAL_ROLE_FORBIDS');
    const revoking = admin.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    await refusal(revoking, 'CREDENTIAL_ROLE_FORBIDS');
    await refusal(admin.issueCredential({ name: 'me', role: 'reviewer' }), 'CREDENTIAL_ROLE_FORBIDS');
    expect(await scene.authority.status()).toEqual(before);
    expect(await admin.checkRequest(csr, { use: 'organization' })).toMatchObject({
      commonName: 'Stolen Store',
    });
    const outside = await scene.authority.issueOrganization(csr);
    expect((await admin.requestDelegation(outside.keyId)).csrPem).toContain('CERTIFICATE REQUEST');
  });
});

describe('a credential that opens nothing', () => {
  it('is one that was revoked, at once, also on a connection that is open', async () => {
    const bundle = await issueCredential('brief', 'reviewer');
    await using agent = closing(new Agent({ keepAlive: true, maxSockets: 1 }));
    const identity = { ...identityOf(bundle), agent: agent.agent };
    expect((await ask(status, identity)).status).toBe(200);
    const revoked = await scene.authority.revokeCredential({ credential: 'brief' });
    expect(revoked).toMatchObject({ name: 'brief', state: 'revoked' });
    expect(await ask(status, identity)).toMatchObject({ status: 401, code: 'CREDENTIAL_REVOKED' });
    expect(Object.values(agent.agent.freeSockets).flat()).toHaveLength(1);
    await refusal(clientOf(bundle).status(), 'CREDENTIAL_REVOKED');
    await refusal(scene.authority.revokeCredential({ credential: 'brief' }), 'CREDENTIAL_NOT_FOUND');
    expect(await scene.authority.revokeCredential({ credential: revoked.fingerprint })).toEqual(revoked);
  });

  it('is one that is revoked while its wish still waits', async () => {
    const bundle = await issueCredential('waiting', 'reviewer');
    const holder = scene.authority.credential(
      (await scene.authority.listCredentials()).find(({ name }) => name === 'waiting')?.fingerprint ?? '',
    );
    const desk = scene.authority.actingFor(holder);
    const revoking = scene.authority.revokeCredential({ credential: 'waiting' });
    await refusal(desk.createOrganization({ commonName: 'Too Late' }), 'CREDENTIAL_REVOKED');
    await revoking;
    await refusal(clientOf(bundle).status(), 'CREDENTIAL_REVOKED');
  });

  it('is one whose time is over', async () => {
    const bundle = await issueCredential('day', 'store', 1);
    await using admin = clientOf(bundle);
    await admin.status();
    scene.clock.advance(dayMs);
    await refusal(admin.status(), 'CREDENTIAL_EXPIRED');
    scene.clock.advance(-dayMs);
    await admin.status();
    scene.clock.advance(-dayMs);
    await refusal(admin.status(), 'CREDENTIAL_EXPIRED');
    scene.clock.advance(dayMs);
  });

  it('is none, one of somebody else, or one of the plugin root', async () => {
    expect(await ask(status, {})).toMatchObject({ status: 401, code: 'CREDENTIAL_MISSING' });
    await using other = await testAuthority({ clock: scene.clock });
    const foreign = (await other.authority.issueCredential({ name: 'ada', role: 'reviewer' })).bundlePem;
    expect(await ask(status, identityOf(foreign))).toMatchObject({ status: 401, code: 'CREDENTIAL_UNKNOWN' });
    // An organization's own key and its certificate under the plugin root.
    const { privateKey, csrPem } = await createKeyAndCsr({ subject: { CN: 'ada' }, keyType: 'ec-p256' });
    const organization = await scene.authority.issueOrganization(Buffer.from(csrPem));
    const key = exportPrivateKey(privateKey, undefined);
    expect(await ask(status, { cert: organization.chainPem, key })).toMatchObject({
      code: 'CREDENTIAL_UNKNOWN',
    });
    await using files = await scratch();
    const [certFile, keyFile] = [`${files.dir}/c.pem`, `${files.dir}/k.pem`];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=ada', '-days', '2'];
    expect((await openssl([...made, '-keyout', keyFile, '-out', certFile])).code).toBe(0);
    const [cert, ownKey] = [await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8')];
    expect((await ask(status, { cert, key: ownKey })).code).toBe('CREDENTIAL_UNKNOWN');
  });

  it('is one that the administration CA signed and the ledger does not know', async () => {
    const ca = await AdministrationCa.open(scene.authority.administration);
    const key = await generateKey('ec-p256');
    const fields = { spki: spkiOf(key), lengthMs: dayMs };
    const forged = await ca.certifyClient({
      ...fields,
      subject: [
        { name: 'OU', value: 'reviewer' },
        { name: 'CN', value: 'ada' },
      ],
    });
    const listener = await ca.certifyServer({ ...fields, names: [administrationServerName], addresses: [] });
    for (const der of [forged, listener]) {
      const identity = { cert: toPem('CERTIFICATE', der), key: exportPrivateKey(key, undefined) };
      expect(await ask(status, identity)).toMatchObject({ status: 401, code: 'CREDENTIAL_UNKNOWN' });
    }
  });

  it('is a certificate without its key: TLS itself ends the attempt', async () => {
    const { cert } = identityOf(bundles.reviewer);
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(() => httpsRequest({ cert, key: exportPrivateKey(key, undefined), port: 1 })).toThrow(/mismatch/);
  });

  it('is one of a CA that was taken away', async () => {
    await using short = await testAuthority({ clock: now() });
    const { bundlePem } = await short.authority.issueCredential({ name: 'ada', role: 'reviewer' });
    await rm(`${short.dir}/administration`, { recursive: true });
    await using renewed = createRemoteAdminServer(short.authority);
    const at = (await renewed.listen({ port: 0 })).url;
    await refusal(clientOf(bundlePem, at).status(), 'ADMIN_NOT_TRUSTED');
    await short.authority.revokeCredential({ credential: 'ada' });
    const next = await short.authority.issueCredential({ name: 'ada', role: 'reviewer' });
    expect((await clientOf(next.bundlePem, at).status()).name).toBe('Test Root');
    const { caPem } = fileOf(next.bundlePem);
    const mixed = bundlePem.slice(0, bundlePem.lastIndexOf('-----BEGIN CERT')) + caPem;
    await refusal(clientOf(mixed, at).status(), 'CREDENTIAL_UNKNOWN');
  });
});

describe('the listener', () => {
  it('speaks TLS 1.3 only', async () => {
    const { port } = new URL(url);
    const options = { host: '127.0.0.1', port: Number(port), rejectUnauthorized: false } as const;
    const old = connectTls({ ...options, maxVersion: 'TLSv1.2' });
    const [error] = await once(old, 'error');
    expect(String(error.code)).toMatch(/PROTOCOL_VERSION/);
    const current = connectTls(options);
    await once(current, 'secureConnect');
    expect(current.getProtocol()).toBe('TLSv1.3');
    current.destroy();
  });

  it('is believed only where the administration CA certified it as such', async () => {
    const { certificatePem, key, caPem } = fileOf(bundles.reviewer);
    // A reviewer who wants to be taken for the authority by another.
    const impostor = createServer(
      { cert: certificatePem, key: exportPrivateKey(key, undefined), ca: caPem },
      (_request, response) => response.end('{}'),
    ).listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    const at = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}`;
    await refusal(clientOf(bundles.store, at).status(), 'ADMIN_NOT_TRUSTED');
    impostor.close();
    await refusal(clientOf(bundles.store, at).status(), 'ADMIN_UNREACHABLE');
  });

  it('takes so many requests of one credential in a time', async () => {
    await using limited = createRemoteAdminServer(scene.authority, {
      rateLimit: { burst: 2, perSecond: 1 },
    });
    const at = (await limited.listen({ port: 0 })).url;
    await using admin = clientOf(bundles.reviewer, at);
    await admin.status();
    await admin.status();
    await refusal(admin.status(), 'RATE_LIMITED');
    expect((await clientOf(bundles.store, at).status()).name).toBe('Test Root');
    scene.clock.advance(1000);
    await admin.status();
    await refusal(admin.status(), 'RATE_LIMITED');
  });

  it('takes no more than a request needs', async () => {
    const body = JSON.stringify({ csr: 'A'.repeat(200_000) });
    const { organizations } = authorityAdminRoutes;
    expect(await ask(organizations, identityOf(bundles.reviewer), body)).toMatchObject({
      status: 413,
      code: 'REQUEST_TOO_LARGE',
    });
  });

  it('is there for curl, with the credential file as it is', async ({ skip }) => {
    if (!(await isInstalled('curl'))) skip('curl is not installed');
    await using files = await scratch();
    const file = await files.file('ada.pem', bundles.reviewer ?? '');
    const { port } = new URL(url);
    const args = ['-sS', '--cert', file, '--cacert', file, `https://localhost:${port}/v1/status`];
    const { stdout, stderr } = await openssl(args, 'curl');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'Test Root' });
  });
});

describe('a credential file', () => {
  const read = (text: string) => async () => readCredentialFile(Buffer.from(text), undefined);

  it('holds the credential, its key and the CA, and nothing else', async () => {
    const bundle = bundles.reviewer ?? '';
    const { caPem } = fileOf(bundle);
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const foreignKey = exportPrivateKey(key, undefined);
    const own = /-----BEGIN PRIVATE[\s\S]*PRIVATE KEY-----\n/.exec(bundle)?.[0] ?? '';
    for (const wrong of [
      '',
      'hello',
      own,
      bundle.replace(own, ''),
      bundle.replace(own, foreignKey),
      bundle.replace(own, own + own),
      bundle.replace(own, own.replace(/\n[A-Za-z]{4}/, '\n????')),
      bundle.replace(caPem, ''),
      bundle + caPem,
      bundle.slice(0, -30),
    ]) {
      await refusal(read(wrong)(), 'CREDENTIAL_FILE_INVALID');
    }
    expect(() => fileOf(`Bag Attributes\r\n${bundle.replaceAll('\n', '\r\n')}`)).not.toThrow();
  });

  it('may hold a key that is protected', async () => {
    const { privateKeyPem, csrPem } = await createKeyAndCsr({
      subject: { CN: 'whoever' },
      keyType: 'ec-p384',
      passphrase: 'open sesame',
    });
    const { bundlePem } = await scene.authority.issueCredential({
      name: 'own-key',
      role: 'reviewer',
      csr: Buffer.from(csrPem),
    });
    expect(bundlePem).not.toContain('PRIVATE KEY');
    const credential = Buffer.from(bundlePem + privateKeyPem);
    const connect = async (passphrase?: string) => connectRemoteAuthority({ url, credential, passphrase });
    await refusal(connect(), 'PASSPHRASE_REQUIRED');
    await refusal(connect('wrong'), 'PASSPHRASE_WRONG');
    await using admin = await connect('open sesame');
    expect((await admin.status()).name).toBe('Test Root');
  });

  it('leads to an https address and nowhere else', async () => {
    for (const wrong of [
      'http://a:1',
      'https://a:1/x',
      'https://u@a',
      'https://a?x',
      'a:1',
      '',
      'https://a#',
    ]) {
      await refusal((async () => clientOf(bundles.store, wrong))(), 'ARGUMENT_INVALID');
    }
  });
});

describe('credentials', () => {
  it('have a name that is no other’s while they are in force', async () => {
    const { authority } = scene;
    await refusal(authority.issueCredential({ name: 'ada', role: 'store' }), 'CREDENTIAL_NAME_TAKEN');
    for (const name of ['', '.ada', 'a b', 'a/b', 'ä', 'a'.repeat(65), 'a\n']) {
      await refusal(authority.issueCredential({ name, role: 'store' }), 'ARGUMENT_INVALID');
    }
    await refusal(
      authority.issueCredential({ name: 'long', role: 'store', validityDays: 0 }),
      'ARGUMENT_INVALID',
    );
    await refusal(authority.revokeCredential({ credential: 'nobody' }), 'CREDENTIAL_NOT_FOUND');
    const bad = authority.issueCredential({ name: 'bad', role: 'store', csr: Buffer.from('no') });
    await refusal(bad, 'CSR_MALFORMED');
  });

  it('are for a key of their own', async () => {
    const csr = await requestFor('Two Roles');
    await scene.authority.issueOrganization(csr);
    const again = scene.authority.issueCredential({ name: 'two-roles', role: 'reviewer', csr });
    await refusal(again, 'CSR_KEY_ALREADY_CERTIFIED');
  });

  it('are in the ledger, and so is who gave and took them', async () => {
    await using other = await testAuthority({ clock: now() });
    const { bundlePem, ...issued } = await other.authority.issueCredential({
      name: 'eve',
      role: 'reviewer',
      actor: 'Ada',
    });
    await other.authority.revokeCredential({ credential: 'eve', actor: 'Bob' });
    await other.authority.issueCredential({ name: 'eve', role: 'store', validityDays: 1 });
    const before = await other.authority.listCredentials();
    expect(before).toMatchObject([
      { ...issued, state: 'revoked', revokedAt: other.clock().toISOString() },
      { name: 'eve', role: 'store', state: 'good' },
    ]);
    expect(await (await other.reopen()).listCredentials()).toEqual(before);
    other.clock.advance(dayMs);
    expect((await other.authority.listCredentials())[1]?.state).toBe('expired');
    const ledger = await readFile(`${other.dir}/ledger`, 'utf8');
    expect(ledger).toMatch(/"type":"credential","at":"[^"]+","actor":"Ada","name":"eve"/);
    expect(ledger).toMatch(/"type":"credential-revoked","at":"[^"]+","actor":"Bob"/);
    expect(ledger).not.toContain(fileOf(bundlePem).key.export({ type: 'pkcs8', format: 'pem' }));
  });

  it('need an administration CA that can be read', async () => {
    await using other = await testAuthority({ clock: now() });
    await other.authority.issueCredential({ name: 'eve', role: 'store' });
    const path = `${other.dir}/administration/ca.pem`;
    await writeFile(path, 'nothing');
    await refusal(other.authority.issueCredential({ name: 'bob', role: 'store' }), 'AUTHORITY_DAMAGED');
    await using listener = createRemoteAdminServer(other.authority);
    await refusal(listener.listen({ port: 0 }), 'AUTHORITY_DAMAGED');
  });
});

const closing = (agent: Agent) => ({
  agent,
  [Symbol.asyncDispose]: async () => agent.destroy(),
});
