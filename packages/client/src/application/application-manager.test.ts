import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplicationRelease } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createNetwork, type Network } from '../network/network.js';
import {
  createTestTimer,
  rejection,
  sendFile,
  serve,
  type TestServer,
  temporaryFolder,
} from '../network/test-server-fixtures.js';
import { ApplicationManager, type ApplicationOptions } from './application-manager.js';

const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const foreign = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const platform = 'x64-windows';
let now = Date.parse('2026-06-01T00:00:00Z');

const release = (more: Partial<ApplicationRelease> = {}): ApplicationRelease => ({
  format: 1,
  application: 'jami-desktop',
  channel: 'stable',
  version: '2.10.0',
  publishedAt: '2026-05-30T00:00:00Z',
  expiresAt: '2026-07-01T00:00:00Z',
  notes: 'Better sound',
  installers: [{ platform, fileName: 'jami.msi', size: bytes.length, sha256, url: 'installers/jami.msi' }],
  ...more,
});

/** As a release is published: the exact bytes, and the signature over them. */
function signed(content: unknown, keys: { privateKey: KeyObject; publicKey: KeyObject } = ed25519) {
  const payload = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  const digest = keys.privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  return {
    payload: payload.toString('base64'),
    signature: sign(digest, payload, keys.privateKey).toString('base64'),
    keyId: createHash('sha256').update(spki).digest('hex'),
  };
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
let network: Network;
/** What the server says; undefined: it has no such thing. */
const answers: { manifest?: unknown; version?: string; beta?: string; installer: Buffer; cutAfter?: number } =
  {
    installer: bytes,
  };

beforeAll(async () => {
  server = await serve((request, response) => {
    const path = request.url ?? '';
    if (path === '/version' && answers.version !== undefined) return response.end(answers.version);
    if (path === '/beta/version' && answers.beta !== undefined) return response.end(answers.beta);
    if (path.startsWith('/v1/application/') && answers.manifest !== undefined)
      return response.end(JSON.stringify(answers.manifest));
    if (path === '/installers/jami.msi')
      return sendFile(request, response, {
        bytes: answers.installer,
        etag: '"1"',
        cutAfter: answers.cutAfter,
      });
    response.writeHead(404).end();
  });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await temporaryFolder();
  network = createNetwork({ timer: createTestTimer(25_000), retry: { attempts: 2 } });
  now = Date.parse('2026-06-01T00:00:00Z');
  Object.assign(answers, { manifest: undefined, version: undefined, beta: undefined, cutAfter: undefined });
  answers.installer = bytes;
});
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function create(more: Partial<ApplicationOptions> = {}) {
  const seen: string[] = [];
  const started: string[] = [];
  const manager: ApplicationManager = new ApplicationManager(
    {
      name: 'jami-desktop',
      version: '2.9.0',
      channel: 'stable',
      keys: [pem(ed25519.publicKey), pem(p256.publicKey)],
      url: server.url,
      run: async (installer) => void started.push(installer),
      ...more,
    },
    {
      network,
      dataDir: join(folder.path, 'data'),
      cacheDir: join(folder.path, 'cache'),
      platform,
      clock: () => new Date(now),
      random: () => 0.5,
      onChange: () => seen.push(manager.view.status),
    },
  );
  return { manager, seen, started };
}

async function downloaded(manager: ApplicationManager): Promise<void> {
  manager.download();
  await manager[Symbol.asyncDispose]();
}

describe('a server that knows only version numbers', () => {
  test.each([
    ['2.10.0\n', { status: 'announced', version: '2.10.0', isVerified: false }],
    ['2.9.0', { status: 'up-to-date' }],
    ['2.8.9', { status: 'up-to-date' }],
  ])('says %j: it is told, and nothing is downloaded', async (version, view) => {
    answers.version = version;
    const { manager } = create();
    await manager.check();
    expect(manager.view).toMatchObject(view);
    expect(() => manager.download()).toThrowError(expect.objectContaining({ code: 'ACTION_NOT_POSSIBLE' }));
    expect(await rejection(manager.run())).toMatchObject({ code: 'ACTION_NOT_POSSIBLE' });
  });

  test('has one of its own for the beta channel', async () => {
    Object.assign(answers, { version: '9.0.0', beta: '2.10.0-beta.1' });
    const { manager } = create({ channel: 'beta' });
    await manager.check();
    expect(manager.view).toMatchObject({ channel: 'beta', version: '2.10.0-beta.1', isVerified: false });
  });

  test.each(['<html>', '', '1.2.3; rm -rf', 'x'.repeat(2_000)])(
    'answers %j: that is none',
    async (version) => {
      answers.version = version;
      const { manager } = create();
      await manager.check();
      expect(manager.view).toMatchObject({ status: 'failed', failure: { source: 'network' } });
    },
  );
});

describe('a signed release', () => {
  test.each([
    ['Ed25519', ed25519],
    ['EC P-256', p256],
  ])('under an %s key is downloaded with progress, verified, and run when asked', async (_, keys) => {
    answers.manifest = signed(release(), keys);
    const { manager, seen, started } = create();
    await manager.check();
    expect(manager.view).toMatchObject({
      status: 'announced',
      version: '2.10.0',
      isVerified: true,
      notes: 'Better sound',
    });
    await downloaded(manager);
    const { installer } = manager.view;
    expect(manager.view).toMatchObject({ status: 'ready', total: bytes.length });
    expect((await readFile(String(installer))).equals(bytes)).toBe(true);
    expect(seen.filter((status) => status === 'downloading').length).toBeGreaterThan(1);
    await manager.check();
    expect(manager.view.status).toBe('ready');
    await manager.run();
    expect(started).toEqual([installer]);
  });

  test('of the version that is installed is no news', async () => {
    answers.manifest = signed(release({ version: '2.9' }));
    const { manager } = create();
    await manager.check();
    expect(manager.view).toMatchObject({ status: 'up-to-date' });
  });

  test('without an installer for this platform is told, and no more', async () => {
    const [installer] = release().installers;
    answers.manifest = signed(
      release({ installers: [{ ...installer, platform: 'x86_64-linux-gnu' } as never] }),
    );
    const { manager } = create();
    await manager.check();
    expect(manager.view).toMatchObject({
      status: 'announced',
      isVerified: true,
      failure: { code: 'INSTALLER_NOT_OFFERED' },
    });
    expect(() => manager.download()).toThrowError(expect.objectContaining({ code: 'ACTION_NOT_POSSIBLE' }));
  });

  const tampered = signed(release());
  const swapped = {
    ...tampered,
    payload: Buffer.from(JSON.stringify(release({ version: '9.0.0' }))).toString('base64'),
  };
  test.each([
    ['changed after it was signed', swapped, 'MANIFEST_SIGNATURE_INVALID'],
    ['signed by somebody else', signed(release(), foreign), 'MANIFEST_KEY_UNKNOWN'],
    [
      'signed by somebody else under our key’s name',
      { ...signed(release(), foreign), keyId: tampered.keyId },
      'MANIFEST_SIGNATURE_INVALID',
    ],
    ['of another application', signed(release({ application: 'other' })), 'MANIFEST_OF_OTHER_APPLICATION'],
    ['of another channel', signed(release({ channel: 'beta' })), 'MANIFEST_OF_OTHER_CHANNEL'],
    ['that is old news', signed(release({ expiresAt: '2026-06-01T00:00:00Z' })), 'MANIFEST_EXPIRED'],
    ['that is not JSON', signed('{'), 'MANIFEST_MALFORMED'],
    ['with an unknown member', signed({ ...release(), evil: true }), 'MANIFEST_MALFORMED'],
    ['with a version that is none', signed(release({ version: 'newest' })), 'MANIFEST_MALFORMED'],
    [
      'with a path as a file name',
      signed(release({ installers: [{ ...release().installers[0], fileName: '../x' } as never] })),
      'MANIFEST_MALFORMED',
    ],
    ['that is no release', [], 'MANIFEST_MALFORMED'],
    ['whose base64 is loose', { ...tampered, payload: `${tampered.payload}=` }, 'MANIFEST_MALFORMED'],
  ])('%s is refused, and nothing is offered', async (_, manifest, code) => {
    answers.manifest = manifest;
    answers.version = '9.0.0';
    const { manager } = create();
    await manager.check();
    expect(manager.view).toMatchObject({ status: 'failed', failure: { source: 'client', code } });
    expect(() => manager.download()).toThrowError(expect.objectContaining({ code: 'ACTION_NOT_POSSIBLE' }));
  });

  test('older than one that was seen is refused, also after a restart', async () => {
    answers.manifest = signed(release());
    const first = create();
    await first.manager.check();
    answers.manifest = signed(release({ version: '2.9.5', publishedAt: '2026-05-31T00:00:00Z' }));
    const second = create();
    await second.manager.reload();
    await second.manager.check();
    expect(second.manager.view).toMatchObject({ failure: { code: 'MANIFEST_GOES_BACK' } });
    answers.manifest = signed(release({ publishedAt: '2026-05-01T00:00:00Z' }));
    await second.manager.check();
    expect(second.manager.view).toMatchObject({ failure: { code: 'MANIFEST_GOES_BACK' } });
    await first.manager.check();
    expect(first.manager.view).toMatchObject({
      status: 'announced',
      version: '2.10.0',
      failure: { code: 'MANIFEST_GOES_BACK' },
    });
  });

  test('whose installer is another one leaves nothing that could be run', async () => {
    answers.manifest = signed(release());
    answers.installer = Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]);
    const { manager } = create();
    await manager.check();
    await downloaded(manager);
    expect(manager.view).toMatchObject({ status: 'failed', failure: { code: 'DIGEST_MISMATCH' } });
    const left = await readdir(join(folder.path, 'cache'), { recursive: true });
    expect(left.filter((name) => name.includes('jami.msi'))).toEqual([]);
    expect(await rejection(manager.run())).toMatchObject({ code: 'ACTION_NOT_POSSIBLE' });
  });

  test('whose installer was changed on this disk is not run', async () => {
    answers.manifest = signed(release());
    const { manager, started } = create();
    await manager.check();
    await downloaded(manager);
    const installer = String(manager.view.installer);
    await writeFile(installer, 'evil');
    expect(await rejection(manager.run())).toMatchObject({ code: 'INSTALLER_CHANGED' });
    expect([existsSync(installer), started, manager.view.status]).toEqual([false, [], 'announced']);
  });

  test('that cannot be run says why', async () => {
    answers.manifest = signed(release());
    const { manager } = create({ run: () => Promise.reject(new Error('no permission')) });
    await manager.check();
    await downloaded(manager);
    expect(await rejection(manager.run())).toMatchObject({
      code: 'INSTALLER_NOT_STARTED',
      message: expect.stringContaining('no permission'),
    });
  });

  test('canceling leaves nothing, and the release where it was', async () => {
    answers.manifest = signed(release());
    answers.cutAfter = 1;
    const { manager, seen } = create();
    await manager.check();
    manager.download();
    expect(() => manager.download()).toThrowError(expect.objectContaining({ code: 'ACTION_NOT_POSSIBLE' }));
    await manager.cancel();
    expect(manager.view).toMatchObject({ status: 'announced', version: '2.10.0' });
    expect(seen.at(-1)).toBe('announced');
    const left = await readdir(join(folder.path, 'cache'), { recursive: true }).catch(() => []);
    expect(left.filter((name) => name.includes('jami.msi'))).toEqual([]);
    expect(await rejection(manager.cancel())).toMatchObject({ code: 'ACTION_NOT_POSSIBLE' });
  });
});

test('the last check survives a restart; a clock that was wrong does not stop the next one', async () => {
  answers.version = '2.9.0';
  const { manager } = create();
  expect(manager.isDue()).toBe(true);
  await manager.check();
  const again = create();
  await again.manager.reload();
  expect([again.manager.isDue(), again.manager.checkedAt]).toEqual([false, '2026-06-01T00:00:00.000Z']);
  now += 86_400_000;
  expect(again.manager.isDue()).toBe(false);
  now += 3_600_000;
  expect(again.manager.isDue()).toBe(true);
  now -= 10 * 86_400_000;
  expect(again.manager.isDue()).toBe(true);
});

test.each([
  ['none', []],
  ['no key', ['hello']],
  ['an RSA key', [pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)]],
  ['another curve', [pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)]],
])('an application with %s as its key is refused', (_, keys) => {
  expect(() => create({ keys })).toThrowError(expect.objectContaining({ code: 'APPLICATION_KEY_INVALID' }));
});
