/** Certificate requests as a stranger sends them: to a real store, which has a real authority check them before anything is kept. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createRemoteAdminServer, initAuthority, openAuthority } from '@jami-plugin-store/authority';
import { createStore, openStoreData } from '@jami-plugin-store/store';
import { parseTrustAnchors } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const clock = (): Date => new Date('2026-11-22T00:00:00.000Z');
const enough = { burst: 1e9, perSecond: 1e9 };

let dir: string;
let url: string;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jpl-requests-'));
  const { rootPem } = await initAuthority({
    dir: join(dir, 'ca'),
    name: 'Root',
    baseUrl: 'http://127.0.0.1:9',
    clock,
  });
  const authority = await openAuthority({ dir: join(dir, 'ca'), clock });
  const administration = createRemoteAdminServer(authority, { rateLimit: enough });
  opened.push(authority, administration);
  const admin = await administration.listen({ port: 0 });
  const { bundlePem } = await authority.issueCredential({ name: 'store', role: 'store' });
  const store = await createStore({
    dataDir: join(dir, 'store'),
    anchors: parseTrustAnchors(Buffer.from(rootPem)),
    clock,
    publishing: {
      authority: { url: admin.url, credentialPem: bundlePem },
      keepFirstToken: async (token) => token,
      rates: { token: enough, filing: enough, reading: enough, failing: enough },
    },
  });
  opened.push(store);
  ({ url } = await store.listen({ port: 0 }));
});
afterAll(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** A request by `openssl req`; DER. */
async function request(subject: string, ...options: string[]): Promise<Buffer> {
  const key = options.length > 0 ? options : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const out = ['-keyout', '/dev/null', '-outform', 'DER', '-out', join(dir, 'request.der')];
  await run('openssl', ['req', '-new', '-nodes', '-subj', subject, ...key, ...out]);
  return await readFile(join(dir, 'request.der'));
}

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`;

async function file(csr: Uint8Array): Promise<{ status: number; code?: string; detail?: string }> {
  const body = { csr: Buffer.from(csr).toString('base64'), use: 'organization', contact: 'ada@example.org' };
  const answer = await fetch(`${url}/v1/certificate-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { code, detail } = (await answer.json()) as { code?: string; detail?: string };
  return { status: answer.status, ...(code === undefined ? {} : { code, detail: detail ?? '' }) };
}

async function kept(): Promise<number> {
  await using data = await openStoreData({ dataDir: join(dir, 'store') }, clock);
  return (await data.database.queries.selectFrom('certificate_requests').select('id').execute()).length;
}

describe('a request', () => {
  it('is taken as PEM, as DER and packed', async () => {
    const before = await kept();
    expect(await file(Buffer.from(pem(await request('/CN=One'))))).toEqual({ status: 201 });
    expect(await file(await request('/CN=Two'))).toEqual({ status: 201 });
    expect(await file(gzipSync(await request('/CN=Three')))).toEqual({ status: 201 });
    expect(await kept()).toBe(before + 3);
  });

  it('waits once for each key, also of eight that come at the same time', async () => {
    const der = await request('/CN=Twice');
    const answers = await Promise.all(Array.from({ length: 8 }, () => file(der)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.code).toBe('CERTIFICATE_REQUEST_DUPLICATE');
  });
});

describe('is refused with the exact reason, and nothing of it is kept:', () => {
  /** Flips a bit of the signature, which is at the end. */
  const forged = (der: Buffer): Buffer => {
    const changed = Buffer.from(der);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    return changed;
  };
  const bomb = (bytes: number): Buffer => gzipSync(Buffer.alloc(bytes, 0x30), { level: 9 });

  it.each<[string, string, () => Promise<Buffer> | Buffer, number?]>([
    ['a gzip bomb of a thousand to one', 'CSR_TOO_LARGE', () => bomb(20 * 1024 * 1024), 413],
    ['a gzip bomb in gzip', 'CSR_MALFORMED', () => gzipSync(bomb(10 * 1024 * 1024))],
    [
      'gzip that is cut off',
      'CSR_MALFORMED',
      async () => gzipSync(await request('/CN=Cut')).subarray(0, 100),
    ],
    [
      'gzip with bytes behind it',
      'CSR_MALFORMED',
      async () => Buffer.concat([gzipSync(await request('/CN=Behind')), Buffer.from('and more')]),
    ],
    [
      'bytes after the end',
      'CSR_MALFORMED',
      async () => Buffer.concat([await request('/CN=More'), Buffer.of(0)]),
    ],
    ['two requests', 'CSR_MALFORMED', async () => Buffer.from(pem(await request('/CN=Two')).repeat(2))],
    ['a signature of nobody', 'CSR_SIGNATURE_INVALID', async () => forged(await request('/CN=Forged'))],
    ['a key of 1,024 bits', 'CSR_KEY_TOO_WEAK', () => request('/CN=Weak', '-newkey', 'rsa:1024')],
    [
      'a signature over SHA-1',
      'CSR_ALGORITHM_UNSUPPORTED',
      () => request('/CN=Old', '-newkey', 'rsa:2048', '-sha1'),
    ],
    [
      'a curve nobody checks',
      'CSR_KEY_UNSUPPORTED',
      () => request('/CN=Curve', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'),
    ],
    [
      'a name without end',
      'CSR_SUBJECT_INVALID',
      () => request(`/CN=x${Array.from({ length: 120 }, (_, n) => `/OU=${n}${'y'.repeat(50)}`).join('')}`),
    ],
    ['text', 'CSR_MALFORMED', () => Buffer.from('hello')],
  ])('%s', async (_, code, make, status = 422) => {
    const bytes = await make();
    const before = await kept();
    const answer = await file(bytes);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.detail).toMatch(/\.$/);
    expect(await kept()).toBe(before);
  });

  it('more than the address takes', async () => {
    expect(await file(Buffer.alloc(100_000))).toMatchObject({ status: 400, code: 'BODY_MALFORMED' });
    expect(await file(await request('/CN=Afterwards'))).toEqual({ status: 201 });
  });
});

it('a store without an authority says that it takes none', async () => {
  await using store = await createStore({
    dataDir: join(dir, 'alone'),
    anchors: [],
    clock,
    publishing: { keepFirstToken: async (token) => token },
  });
  const alone = await store.listen({ port: 0 });
  const answer = await fetch(`${alone.url}/v1/certificate-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ csr: 'AAAA', use: 'organization', contact: 'ada@example.org' }),
  });
  expect(await answer.json()).toMatchObject({ code: 'AUTHORITY_NOT_CONFIGURED' });
});
