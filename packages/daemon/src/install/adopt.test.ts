import { sign } from 'node:crypto';
import { appendFile, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSignatureMap } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonOptions } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { inspect } from '../faults/inspect-fixtures.js';
import { layoutOf } from '../installed/layout.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
/** A plugin's folder as Jami leaves it. */
let folder: string;
let update: string;
let dataDir: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
  update = await writePackage(fixtures, signer, { version: '2.0.0' });
  folder = fixtures.path('folder');
  await using daemon = await startDaemon(fixtures, [authority.anchor]);
  const { path } = await daemon.install({ path: await writePackage(fixtures, signer) });
  await cp(path, folder, { recursive: true, dereference: true });
  await writeFile(join(folder, 'preferences.msgpack'), Buffer.from('81a16ba176', 'hex'));
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  dataDir = fixtures.path('data');
  await cp(folder, layoutOf(dataDir).link('Greeter'), { recursive: true });
});

const start = (options: Partial<DaemonOptions> = {}) =>
  startDaemon(fixtures, [authority.anchor], { dataDir, ...options });
const root = (...path: string[]) => join(layoutOf(dataDir).link('Greeter'), ...path);

describe('a folder that another program left', () => {
  it('is left alone until its adoption is asked for; then it is a plugin like any other', async () => {
    await using daemon = await start();
    expect(await daemon.list()).toMatchObject([{ state: 'unmanaged', publisher: null }]);
    expect(await daemon.adopt('Greeter')).toEqual({
      id: 'Greeter',
      version: '1.0.0',
      path: root(),
      publisher: expect.objectContaining({ name: 'Hello Ltd' }),
    });
    expect(await inspect(dataDir, 'Greeter')).toEqual({ version: '1.0.0', preferences: '81a16ba176' });
    expect(await daemon.list()).toMatchObject([{ state: 'installed', publisher: 'Hello Ltd' }]);
    expect(await daemon.details('Greeter')).toMatchObject({ soPath: root('libGreeter.so') });
    await daemon.assertStillTrusted('Greeter');
    await daemon.install({ path: update });
    await daemon.rollback('Greeter');
    expect(await inspect(dataDir, 'Greeter')).toEqual({ version: '1.0.0', preferences: '81a16ba176' });
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
    expect(daemon.activity(undefined, 9).entries.map(({ action }) => action)).toEqual([
      'adopt',
      'update',
      'rollback',
    ]);
    await expect(daemon.adopt('Greeter')).rejects.toMatchObject({ code: 'ALREADY_MANAGED' });
  });

  it('brings its values, which are worth more than those kept from before', async () => {
    const home = layoutOf(dataDir).home('Greeter');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'preferences.msgpack'), Buffer.from('80', 'hex'));
    await using daemon = await start();
    await daemon.adopt('Greeter');
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ preferences: '81a16ba176' });
  });

  it('may have none, and keeps those from before', async () => {
    await rm(root('preferences.msgpack'));
    const home = layoutOf(dataDir).home('Greeter');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'preferences.msgpack'), Buffer.from('81a16ba177', 'hex'));
    await using daemon = await start();
    await daemon.adopt('Greeter');
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ preferences: '81a16ba177' });
  });

  const resigned = async (names: (map: Map<string, Buffer>) => void) => {
    const map = new Map<string, Buffer>();
    names(map);
    const bytes = encodeSignatureMap(map);
    await writeFile(root('signatures'), bytes);
    await writeFile(root('signatures.sig'), sign('RSA-SHA512', bytes, signer.key));
  };
  const signed = (content: string) => sign('RSA-SHA512', Buffer.from(content), signer.key);

  it.each<[string, string, string | undefined, () => Promise<unknown>]>([
    ['no certificate', 'CERTIFICATE_MISSING', 'Greeter.crt', () => rm(root('Greeter.crt'))],
    ['no signatures', 'SIGNATURE_MAP_MISSING', 'signatures', () => rm(root('signatures'))],
    ['unsigned signatures', 'SIGNATURE_OF_MAP_MISSING', 'signatures.sig', () => rm(root('signatures.sig'))],
    [
      'other signatures',
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
      () => appendFile(root('signatures'), 'x'),
    ],
    ['another file', 'SIGNATURE_INVALID', 'data/version.txt', () => writeFile(root('data/version.txt'), '9')],
    [
      'another library',
      'SIGNATURE_INVALID',
      'lib/x86_64-linux-gnu/libGreeter.so',
      () => appendFile(root('libGreeter.so'), 'x'),
    ],
    ['a file less', 'FILES_CHANGED', 'data/version.txt', () => rm(root('data/version.txt'))],
    ['a file more', 'FILES_CHANGED', 'data/more', () => writeFile(root('data/more'), '')],
    ['a folder more', 'FILES_CHANGED', 'more', () => mkdir(root('more'))],
    [
      'a link in place of a file',
      'FILES_CHANGED',
      'data/version.txt',
      async () => {
        await rename(root('data/version.txt'), join(dataDir, 'moved'));
        await symlink(join(dataDir, 'moved'), root('data/version.txt'));
      },
    ],
    [
      'no manifest among what was signed',
      'MANIFEST_MISSING',
      'manifest.json',
      () => resigned((map) => map.set('data/version.txt', signed('1.0.0'))),
    ],
    [
      'a signed path out of it',
      'NAME_TRAVERSAL',
      'data/../../../x',
      () => resigned((map) => map.set('manifest.json', signed('')).set('data/../../../x', signed('x'))),
    ],
    [
      'a signed folder out of it',
      'NAME_TRAVERSAL',
      '../x/',
      () => resigned((map) => map.set('manifest.json', signed('')).set('../x/', signed(''))),
    ],
    [
      'the name of another plugin',
      'CERTIFICATE_MISSING',
      'Renamed.crt',
      () => rename(root(), layoutOf(dataDir).link('Renamed')),
    ],
    [
      'the name of another plugin, its certificate too',
      'CERTIFICATE_NAME_MISMATCH',
      'Renamed.crt',
      async () => {
        await rename(root('Greeter.crt'), root('Renamed.crt'));
        await rename(root(), layoutOf(dataDir).link('Renamed'));
      },
    ],
  ])('with %s is refused: %s', async (_what, code, entry, spoil) => {
    await spoil();
    await using daemon = await start();
    const [row] = await daemon.list();
    await expect(daemon.adopt(row?.id ?? '')).rejects.toMatchObject({ code, entry });
    expect(await daemon.list()).toMatchObject([{ state: 'unmanaged' }]);
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
    expect(await readdir(layoutOf(dataDir).versions)).toEqual([]);
  });

  it('is judged as a package is: by the anchors, by revocation, for this platform', async () => {
    const other = await fixtures.authority();
    const down = new TrustError('OCSP_UNREACHABLE', 'Down.');
    for (const [options, code] of [
      [{ anchors: [other.anchor] }, 'CERTIFICATE_SIGNATURE_INVALID'],
      [{ anchors: [] }, 'NO_TRUST_ANCHOR'],
      [{ ask: () => Promise.reject(down) }, 'OCSP_UNREACHABLE'],
      [{ platform: 'x64-windows' }, 'PLATFORM_UNSUPPORTED'],
      [{ clock: () => new Date('2100-06-01T00:00:00Z') }, 'CERTIFICATE_EXPIRED'],
    ] as const) {
      await using daemon = await start(options);
      await expect(daemon.adopt('Greeter')).rejects.toMatchObject({ code });
    }
    expect(await readFile(root('preferences.msgpack'), 'hex')).toBe('81a16ba176');
  });

  it('is refused where it is none: absent, a link, or of nearly the same id as another', async () => {
    await using daemon = await start();
    await expect(daemon.adopt('Nobody')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await expect(daemon.adopt('../x')).rejects.toMatchObject({ code: 'PLUGIN_ID_INVALID' });
    await symlink(folder, layoutOf(dataDir).link('Linked'));
    await expect(daemon.adopt('Linked')).rejects.toMatchObject({ code: 'UNMANAGED_FOLDER' });
    await cp(folder, layoutOf(dataDir).link('GREETER'), { recursive: true });
    await expect(daemon.adopt('Greeter')).rejects.toMatchObject({ code: 'PLUGIN_ID_CONFLICT' });
  });
});
