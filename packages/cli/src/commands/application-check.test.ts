import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ApplicationRelease } from '@jami-plugin-store/contract';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { jpl, type Place, temporaryFolder } from '../cli-fixtures.js';

const key = generateKeyPairSync('ed25519');
const installer = Buffer.from('what is run to install 2.10.0\n'.repeat(1_000));
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server;
let place: Place;
let tests = 0;
/** By path; what is not there is 404. */
const answers = new Map<string, string | Buffer>();

beforeAll(async () => {
  folder = await temporaryFolder();
  server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await folder[Symbol.asyncDispose]();
});
beforeEach(async () => {
  answers.clear();
  tests += 1;
  place = { cwd: join(folder.path, `test-${tests}`) };
  await mkdir(place.cwd);
  await identify({});
});

async function identify(more: object): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const keys = [key.publicKey.export({ type: 'spki', format: 'pem' })];
  const identity = { name: 'jami-desktop', version: '2.9.0', channel: 'stable', url, keys, ...more };
  await writeFile(join(place.cwd, 'identity.json'), JSON.stringify(identity));
}

/** Offers a release as its application's key has signed it. */
function release(bytes = installer): void {
  const content: ApplicationRelease = {
    format: 1,
    application: 'jami-desktop',
    channel: 'stable',
    version: '2.10.0',
    publishedAt: '2026-05-30T00:00:00Z',
    expiresAt: '2026-07-01T00:00:00Z',
    notes: 'Better sound\nand more',
    installers: [
      {
        platform: currentPlatform(),
        fileName: 'jami.run',
        size: installer.length,
        sha256: createHash('sha256').update(installer).digest('hex'),
        url: 'installers/jami.run',
      },
    ],
  };
  const payload = Buffer.from(JSON.stringify(content));
  const spki = key.publicKey.export({ type: 'spki', format: 'der' });
  const signed = {
    payload: payload.toString('base64'),
    signature: sign(null, payload, key.privateKey).toString('base64'),
    keyId: createHash('sha256').update(spki).digest('hex'),
  };
  answers.set('/v1/application/stable', JSON.stringify(signed));
  answers.set('/installers/jami.run', bytes);
}

const check = (...args: string[]) =>
  jpl(place, 'application', 'check', 'identity.json', '--data-dir', 'data', ...args);

it('says what the key of the application has signed, and where its verified installer lies', async () => {
  release();
  expect(await check()).toMatchObject({
    code: 0,
    out: 'jami-desktop 2.9.0 -> 2.10.0  (signed by the key of jami-desktop)\n  Better sound\n  and more\n',
    err: '',
  });
  const { code, json } = await check('--download', '--json');
  const view = json<{ installer: string }>();
  expect([code, view]).toMatchObject([0, { name: 'jami-desktop', status: 'ready', isVerified: true }]);
  expect(await readFile(view.installer)).toEqual(installer);
  expect(view.installer.startsWith(join(place.cwd, 'home'))).toBe(true);
});

it('refuses an installer that is not the signed one', async () => {
  release(Buffer.from(installer).fill(0, 0, 1));
  const { code, out, err } = await check('--download');
  expect([code, err]).toEqual([1, expect.stringContaining('code: DIGEST_MISMATCH')]);
  expect(out).not.toContain('jami.run');
});

it('tells what only a server says as that, and downloads nothing of it', async () => {
  answers.set('/version', '2.10.0\n');
  expect(await check('--download')).toMatchObject({
    code: 0,
    out: 'jami-desktop 2.9.0 -> 2.10.0  (told by the server; nobody signed it)\n',
  });
  answers.set('/version', '2.9.0');
  expect(await check()).toMatchObject({ code: 0, out: 'jami-desktop 2.9.0 is up to date\n' });
});

it('has nothing newer from a server that has no such thing', async () => {
  const ran = await check('--json');
  expect([ran.code, ran.json()]).toMatchObject([1, { status: 'failed', failure: { code: 'NOT_FOUND' } }]);
});

it.each([
  ['no JSON', 'identity'],
  ['another member', JSON.stringify({ name: 'x', evil: true })],
])('an identity that is %s is none', async (_, text) => {
  await writeFile(join(place.cwd, 'identity.json'), text);
  const ran = await check('--json');
  expect([ran.code, ran.json().code]).toEqual([2, 'APPLICATION_FILE_INVALID']);
});

it('believes no key of another kind, and no address that is not encrypted', async () => {
  await identify({ keys: ['no key'] });
  expect((await check('--json')).json().code).toBe('APPLICATION_KEY_INVALID');
  await identify({ url: 'http://example.org/' });
  expect((await check('--json')).json().code).toBe('STORE_URL_INSECURE');
});
