import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { ApplicationRelease } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FixtureCa } from '../judging/package-fixtures.js';
import { PublishingPlace, type Reply } from '../publishing/publishing-fixtures.js';

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}
const own: Keys = generateKeyPairSync('ed25519');
const second: Keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const foreign: Keys = generateKeyPairSync('ed25519');
const pemOf = ({ publicKey }: Keys) => publicKey.export({ type: 'spki', format: 'pem' }).toString();

let ca: FixtureCa;
let place: PublishingPlace;
let token: string;
beforeAll(async () => {
  ca = await FixtureCa.create();
});
afterAll(() => ca[Symbol.asyncDispose]());
beforeEach(async () => {
  place = await PublishingPlace.open({ ca, applicationKeys: [pemOf(own), pemOf(second)] });
  token = await place.token('operator');
});
afterEach(() => place[Symbol.asyncDispose]());

const installer = Buffer.from('MZ, an installer');
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const codeOf = ({ status, json }: Reply) => `${status} ${json?.code ?? ''}`.trim();

const releaseOf = (change: Partial<ApplicationRelease> = {}): ApplicationRelease => ({
  format: 1,
  application: 'jami',
  channel: 'stable',
  version: '1.2.0',
  publishedAt: '2026-05-31T00:00:00.000Z',
  expiresAt: '2026-07-01T00:00:00.000Z',
  installers: [
    {
      platform: 'x64-windows',
      fileName: 'setup.exe',
      size: installer.length,
      sha256: sha256Of(installer),
      url: `/v1/application/installers/${sha256Of(installer)}`,
    },
  ],
  ...change,
});

function signed(release: ApplicationRelease | string, keys = own) {
  const payload = Buffer.from(typeof release === 'string' ? release : JSON.stringify(release));
  const digest = keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  return {
    payload: payload.toString('base64'),
    signature: sign(digest, payload, keys.privateKey).toString('base64'),
    keyId: sha256Of(spki),
  };
}

const upload = (bytes = installer, sha256 = sha256Of(bytes)) =>
  place.call('PUT', `/v1/application/installers/${sha256}`, { token, body: bytes });
const publish = (body: object, channel = 'stable') =>
  place.call('PUT', `/v1/application/${channel}`, { token, body });
const current = async () =>
  (
    await place.database.queries
      .selectFrom('application_releases')
      .select(['channel', 'version'])
      .orderBy('channel')
      .execute()
  ).map(({ channel, version }) => `${channel} ${version}`);

test('a release is published with its installers, higher ones after it, in each channel by itself', async () => {
  expect((await upload()).json).toEqual({ sha256: sha256Of(installer), size: installer.length });
  expect((await upload()).status).toBe(201);
  const first = signed(releaseOf());
  expect((await publish(first)).json).toEqual(first);
  expect((await publish(first)).status).toBe(200);
  expect((await publish(signed(releaseOf({ version: '1.10.0' }), second))).status).toBe(200);
  expect(
    (await publish(signed(releaseOf({ version: '2.0.0-beta.1', channel: 'beta' })), 'beta')).status,
  ).toBe(200);
  expect(await current()).toEqual(['beta 2.0.0-beta.1', 'stable 1.10.0']);
  const elsewhere = releaseOf({
    version: '1.11',
    installers: [
      { ...releaseOf().installers[0], url: 'https://elsewhere.example/setup.exe', size: 99 } as never,
    ],
  });
  expect((await publish(signed(elsewhere))).status).toBe(200);
  const actions = await place.database.queries.selectFrom('audit_records').select('action').execute();
  expect(actions.filter(({ action }) => action === 'application-published')).toHaveLength(4);
});

test('the same release is good for longer, never for less, and never goes back', async () => {
  await upload();
  await publish(signed(releaseOf({ version: '1.10.0' })));
  const later = releaseOf({ version: '1.10.0', expiresAt: '2026-08-01T00:00:00.000Z' });
  expect((await publish(signed(later))).status).toBe(200);
  const refused = '409 APPLICATION_VERSION_NOT_HIGHER';
  expect(codeOf(await publish(signed(releaseOf({ version: '1.10.0' }))))).toBe(refused);
  expect(
    codeOf(await publish(signed({ ...later, notes: 'other', expiresAt: '2026-09-01T00:00:00.000Z' }))),
  ).toBe(refused);
  expect(codeOf(await publish(signed(releaseOf({ version: '1.9.0' }))))).toBe(refused);
  expect(codeOf(await publish(signed(releaseOf({ version: '3.0', application: 'other' }))))).toBe(refused);
  expect(await current()).toEqual(['stable 1.10.0']);
});

test('other bytes than the digest says are no installer', async () => {
  expect(codeOf(await upload(installer, '0'.repeat(64)))).toBe('422 DIGEST_MISMATCH');
  expect(codeOf(await upload(installer, '../x'))).toMatch(/^40[04] /);
  expect(codeOf(await publish(signed(releaseOf())))).toBe('422 INSTALLER_MISSING');
});

test.each<[string, () => object, string]>([
  ['signed by another key', () => signed(releaseOf(), foreign), 'APPLICATION_KEY_UNKNOWN'],
  [
    'signed by another key under the name of ours',
    () => ({ ...signed(releaseOf(), foreign), keyId: signed(releaseOf()).keyId }),
    'APPLICATION_SIGNATURE_INVALID',
  ],
  [
    'changed after it was signed',
    () => ({ ...signed(releaseOf()), payload: signed(releaseOf({ version: '9' })).payload }),
    'APPLICATION_SIGNATURE_INVALID',
  ],
  ['for another channel', () => signed(releaseOf({ channel: 'beta' })), 'APPLICATION_RELEASE_MALFORMED'],
  [
    'expired',
    () => signed(releaseOf({ expiresAt: '2026-05-31T00:00:00.000Z' })),
    'APPLICATION_RELEASE_EXPIRED',
  ],
  ['no JSON', () => signed('{'), 'APPLICATION_RELEASE_MALFORMED'],
  ['of no version', () => signed(releaseOf({ version: 'latest' })), 'APPLICATION_RELEASE_MALFORMED'],
  [
    'with a member too many',
    () => signed({ ...releaseOf(), more: 1 } as never),
    'APPLICATION_RELEASE_MALFORMED',
  ],
  [
    'with an installer at an address that is no https',
    () =>
      signed(
        releaseOf({ installers: [{ ...releaseOf().installers[0], url: 'http://x.example/a' } as never] }),
      ),
    'APPLICATION_RELEASE_MALFORMED',
  ],
  [
    'with an installer of another size',
    () => signed(releaseOf({ installers: [{ ...releaseOf().installers[0], size: 1 } as never] })),
    'INSTALLER_MISSING',
  ],
  [
    'in base64 that could be written otherwise',
    () => ({ ...signed(releaseOf()), signature: 'AA=' }),
    'APPLICATION_RELEASE_MALFORMED',
  ],
])('a release that is %s is refused', async (_, made, code) => {
  await upload();
  expect(codeOf(await publish(made()))).toBe(`422 ${code}`);
  expect(await current()).toEqual([]);
});

test('a store without application keys takes none', async () => {
  await using other = await PublishingPlace.open({ ca });
  const operator = await other.token('operator');
  const reply = await other.call('PUT', '/v1/application/stable', {
    token: operator,
    body: signed(releaseOf()),
  });
  expect(codeOf(reply)).toBe('404 APPLICATION_NOT_CONFIGURED');
  await expect(PublishingPlace.open({ ca, applicationKeys: ['nonsense'] })).rejects.toMatchObject({
    code: 'APPLICATION_NOT_CONFIGURED',
  });
});
