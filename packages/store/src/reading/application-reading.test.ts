import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applicationPaths, SignedApplicationRelease } from '@jami-plugin-store/contract';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTokens } from '../access/open-tokens.js';
import { Lifetime } from '../lifetime.js';
import { call, type Reply } from '../publishing/publishing-fixtures.js';
import { createStore } from '../store.js';

const key = generateKeyPairSync('ed25519');
const installer = Buffer.from('MZ, an installer');
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const digest = sha256Of(installer);

function signed(channel: string, version: string) {
  const payload = Buffer.from(
    JSON.stringify({
      format: 1,
      application: 'jami',
      channel,
      version,
      publishedAt: '2030-01-01T00:00:00.000Z',
      expiresAt: '2030-02-01T00:00:00.000Z',
      installers: [
        {
          platform: 'x64-windows',
          fileName: 'setup.exe',
          size: installer.length,
          sha256: digest,
          url: applicationPaths.installer(digest),
        },
      ],
    }),
  );
  return {
    payload: payload.toString('base64'),
    signature: sign(null, payload, key.privateKey).toString('base64'),
    keyId: sha256Of(key.publicKey.export({ type: 'spki', format: 'der' })),
  };
}

let lifetime: Lifetime;
let at: Date;
let ask: (method: string, path: string, options?: Parameters<typeof call>[3]) => Promise<Reply>;
let token: string;
beforeEach(async () => {
  lifetime = new Lifetime();
  at = new Date('2030-01-02T00:00:00.000Z');
  const dataDir = await mkdtemp(join(tmpdir(), 'jpl-application-'));
  lifetime.defer(() => rm(dataDir, { recursive: true, force: true }));
  const publicKey = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const publishing = { applicationKeys: [publicKey] };
  const store = lifetime.use(
    await createStore({ dataDir, anchors: [], clock: () => at, publishing, watch: false }),
  );
  const { url } = await store.listen({ port: 0 });
  ask = (...asked) => call(Number(new URL(url).port), ...asked);
  await using tokens = await openTokens({ dataDir, clock: () => at });
  ({ token } = await tokens.create({ label: 'operator', role: 'operator' }));
});
afterEach(() => lifetime[Symbol.asyncDispose]());

const codeOf = ({ status, json }: Reply) => `${status} ${json?.code ?? ''}`.trim();

test('a release is told by its version, its signed manifest and its installer, each channel its own', async () => {
  expect(codeOf(await ask('GET', applicationPaths.version))).toBe('404 RELEASE_NOT_FOUND');
  const put = await ask('PUT', applicationPaths.installer(digest), { token, body: installer });
  expect(put.status).toBe(201);
  for (const [channel, version] of [
    ['stable', '1.2.0'],
    ['beta', '1.3.0-rc.1'],
  ] as const) {
    const release = signed(channel, version);
    const published = await ask('PUT', applicationPaths.manifest(channel), { token, body: release });
    expect(published.status).toBe(200);
  }
  const version = await ask('GET', applicationPaths.version);
  expect([version.status, version.text, version.headers['content-type']]).toEqual([
    200,
    '1.2.0',
    'text/plain; charset=utf-8',
  ]);
  expect((await ask('GET', applicationPaths.betaVersion)).text).toBe('1.3.0-rc.1');
  const manifest = await ask('GET', applicationPaths.manifest('stable'));
  expect(Value.Check(SignedApplicationRelease, manifest.json)).toBe(true);
  expect(manifest.json).toEqual(signed('stable', '1.2.0'));
  expect((await ask('HEAD', applicationPaths.manifest('stable'))).headers.etag).toBe(manifest.headers.etag);
  const got = await ask('GET', applicationPaths.installer(digest), { headers: { range: 'bytes=0-1' } });
  expect([got.status, got.text, got.headers['content-disposition']]).toEqual([
    206,
    'MZ',
    'attachment; filename="setup.exe"',
  ]);
  expect(codeOf(await ask('GET', applicationPaths.installer('0'.repeat(64))))).toBe('404 BLOB_NOT_FOUND');
  expect(codeOf(await ask('GET', applicationPaths.installer('XY')))).toBe('400 DIGEST_MALFORMED');
  expect(codeOf(await ask('GET', '/v1/application/nightly'))).toBe('404 RELEASE_NOT_FOUND');
  at = new Date('2030-02-01T00:00:00.000Z');
  for (const path of [applicationPaths.version, applicationPaths.manifest('stable')])
    expect(codeOf(await ask('GET', path))).toBe('404 RELEASE_NOT_FOUND');
});
