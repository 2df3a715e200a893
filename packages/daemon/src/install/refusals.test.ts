import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon, DaemonOptions } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { type ErrorOutcome, errorOutcome } from '../error-outcome.js';
import type { InstallRequest } from './install-package.js';

const run = promisify(execFile);

let fixtures: DaemonFixtures;
let authority: Authority;
let hello: () => Promise<Signer>;
let signer: Signer;
let other: Signer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  hello = await authority.organization('Hello Ltd');
  signer = await hello();
  other = await (await authority.organization('Other Ltd'))();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (options?: Partial<DaemonOptions>): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], options);

async function refusal(daemon: Daemon, request: InstallRequest): Promise<ErrorOutcome> {
  const outcome = await daemon.install(request).then(() => undefined, errorOutcome);
  if (outcome === undefined) throw new Error('it was installed');
  return outcome;
}

/** What stands below `plugins/`, bytes included, without the ways there. */
async function snapshot(daemon: Daemon): Promise<Record<string, string>> {
  const root = join(daemon.info.dataDir, 'plugins');
  const files: Record<string, string> = {};
  for (const row of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(row.parentPath, row.name);
    files[path.slice(root.length)] = row.isFile() ? (await readFile(path)).toString('base64') : 'no file';
  }
  return files;
}

describe('files that are no packages', () => {
  const cases: [name: string, code: string, resultCode: number, make: (path: string) => Promise<unknown>][] =
    [
      ['missing', 'FILE_NOT_FOUND', -1, async () => undefined],
      ['a folder', 'NOT_A_FILE', -1, (path) => mkdir(path)],
      ['a named pipe', 'NOT_A_FILE', -1, (path) => run('mkfifo', [path])],
      ['empty', 'EMPTY_FILE', 500, (path) => writeFile(path, '')],
      ['text', 'NOT_A_ZIP', 500, (path) => writeFile(path, 'hello '.repeat(1000))],
      ['a link to nothing', 'FILE_NOT_FOUND', -1, (path) => symlink(`${path}-gone`, path)],
    ];

  it.each(cases)('%s: %s', async (_name, code, resultCode, make) => {
    await using daemon = await start();
    const before = await snapshot(daemon);
    const path = fixtures.path('bad.jpl');
    await make(path);
    const outcome = await refusal(daemon, { path });
    expect(outcome).toMatchObject({ code, resultCode });
    expect(outcome.message).toMatch(/^[A-Z/].*\.$/);
    expect(await snapshot(daemon)).toEqual(before);
  });

  it('a relative path', async () => {
    await using daemon = await start();
    expect(await refusal(daemon, { path: 'plugin.jpl' })).toMatchObject({ code: 'PATH_NOT_ABSOLUTE' });
    expect(await refusal(daemon, { path: '/tmp/a\0b' })).toMatchObject({ code: 'PATH_NOT_ABSOLUTE' });
  });

  it('cut off anywhere', async () => {
    await using daemon = await start();
    const before = await snapshot(daemon);
    const path = await writePackage(fixtures, signer);
    const { length } = await readFile(path);
    for (const size of [length - 1, length - 30, length >> 1, 100, 1]) {
      await truncate(path, size);
      expect(await refusal(daemon, { path })).toMatchObject({ resultCode: 500 });
      expect(await snapshot(daemon)).toEqual(before);
    }
  });
});

describe('packages that do not hold', () => {
  it('says which file was changed, and leaves nothing of the others', async () => {
    await using daemon = await start();
    const before = await snapshot(daemon);
    const path = await writePackage(fixtures, signer, { afterSigning: { 'data/version.txt': '6.6.6' } });
    expect(await refusal(daemon, { path })).toMatchObject({
      code: 'SIGNATURE_INVALID',
      resultCode: 300,
      entry: 'data/version.txt',
    });
    expect(await snapshot(daemon)).toEqual(before);
  });

  it('has no anchor for its certificates', async () => {
    const stranger = await fixtures.authority();
    await using daemon = await startDaemon(fixtures, [stranger.anchor]);
    const outcome = await refusal(daemon, { path: await writePackage(fixtures, signer) });
    expect(outcome).toMatchObject({ resultCode: 400 });
    expect(outcome.code).toMatch(/^[A-Z_]+$/);
  });

  it('has libraries, but none for this platform: says for which', async () => {
    await using daemon = await start({ platform: 'x64-windows' });
    const outcome = await refusal(daemon, { path: await writePackage(fixtures, signer) });
    expect(outcome).toMatchObject({ code: 'PLATFORM_UNSUPPORTED', resultCode: 500 });
    expect(outcome.message).toContain('arm64-v8a, x86_64-linux-gnu');
  });

  it.each([
    // Of two entries that meet, the later one in the archive is named.
    ['lib/x86_64-linux-gnu/manifest.json', 'INSTALLED_NAME_COLLISION', 'manifest.json'],
    ['lib/x86_64-linux-gnu/signatures', 'INSTALLED_NAME_COLLISION', 'signatures'],
    ['preferences.msgpack', 'INSTALLED_NAME_RESERVED', 'preferences.msgpack'],
    ['Preferences.MSGPACK', 'INSTALLED_NAME_RESERVED', 'Preferences.MSGPACK'],
  ])('would install %s over something else', async (name, code, entry) => {
    await using daemon = await start();
    const before = await snapshot(daemon);
    const path = await writePackage(fixtures, signer, { files: { [name]: 'intruder' } });
    expect(await refusal(daemon, { path })).toMatchObject({ code, resultCode: 500, entry });
    expect(await snapshot(daemon)).toEqual(before);
  });
});

describe('packages that are not the next version of what is installed', () => {
  it('is another plugin, version or file than the one asked for', async () => {
    await using daemon = await start();
    const path = await writePackage(fixtures, signer);
    for (const expectation of [
      { id: 'Other' },
      { id: 'Greeter', version: '1.0.1' },
      { id: 'Greeter', version: '1.0.0', sha256: '0'.repeat(64) },
    ]) {
      const outcome = await refusal(daemon, { path, expect: expectation });
      expect(outcome).toMatchObject({ code: 'UNEXPECTED_PLUGIN', resultCode: 500 });
    }
    const { sha256 } = await daemon.install({ path, expect: { id: 'Greeter', version: '1.0' } });
    await daemon.uninstall('Greeter');
    await daemon.install({ path, expect: { id: 'Greeter', version: '1.0.0', sha256 } });
  });

  it('is the same or an older one, unless by force', async () => {
    await using daemon = await start();
    const versions = ['1.10.0', '1.9.0'] as const;
    const [newer, older] = await Promise.all(
      versions.map((version) => writePackage(fixtures, signer, { version })),
    );
    await daemon.install({ path: newer ?? '' });
    const before = await snapshot(daemon);
    expect(await refusal(daemon, { path: newer ?? '' })).toMatchObject({
      code: 'SAME_VERSION',
      resultCode: 100,
    });
    expect(await refusal(daemon, { path: older ?? '' })).toMatchObject({
      code: 'NEWER_INSTALLED',
      resultCode: 200,
      detail: { installedVersion: '1.10.0', plugin: { id: 'Greeter', version: '1.9.0' } },
    });
    expect(await snapshot(daemon)).toEqual(before);
    expect(await daemon.install({ path: older ?? '', force: true })).toMatchObject({ from: '1.10.0' });
  });

  it('was published by somebody else, unless the user accepted exactly that one', async () => {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer) });
    const path = await writePackage(fixtures, other, { version: '2.0.0' });
    const outcome = await refusal(daemon, { path, force: true });
    expect(outcome).toMatchObject({
      code: 'PUBLISHER_CHANGED',
      resultCode: 400,
      detail: { publisher: { name: 'Other Ltd' }, installedPublisher: { name: 'Hello Ltd' } },
    });
    const { publisher, installedPublisher } = outcome.detail ?? {};
    for (const acceptPublisher of [installedPublisher?.organization ?? '', publisher?.pluginKey ?? ''])
      expect(await refusal(daemon, { path, acceptPublisher })).toMatchObject({ code: 'PUBLISHER_CHANGED' });
    await daemon.install({ path, acceptPublisher: publisher?.organization });
    expect(await daemon.list()).toMatchObject([{ publisher: 'Other Ltd', version: '2.0.0' }]);
  });

  it('may come with another key of the same organization', async () => {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer) });
    await daemon.install({ path: await writePackage(fixtures, await hello(), { version: '1.1.0' }) });
  });

  it('has no organization when a root signs it: only the same key is the same publisher', async () => {
    await using daemon = await start();
    const [first, second] = [await authority.direct(), await authority.direct()];
    await daemon.install({ path: await writePackage(fixtures, first) });
    await daemon.install({ path: await writePackage(fixtures, first, { version: '1.1.0' }) });
    const path = await writePackage(fixtures, second, { version: '1.2.0' });
    const outcome = await refusal(daemon, { path });
    expect(outcome).toMatchObject({ code: 'PUBLISHER_CHANGED' });
    await daemon.install({ path, acceptPublisher: outcome.detail?.publisher?.pluginKey });
  });

  it('came from another store', async () => {
    await using daemon = await start();
    const [one, two] = ['https://one.example', 'https://two.example'];
    await daemon.install({ path: await writePackage(fixtures, signer), store: one });
    const update = await writePackage(fixtures, signer, { version: '1.1.0' });
    expect(await refusal(daemon, { path: update, store: two })).toMatchObject({
      code: 'OTHER_STORE',
      resultCode: 400,
    });
    await daemon.install({ path: update });
    expect(await daemon.list()).toMatchObject([{ version: '1.1.0', store: one }]);
    const next = await writePackage(fixtures, signer, { version: '1.2.0' });
    expect(await refusal(daemon, { path: next, store: two })).toMatchObject({ code: 'OTHER_STORE' });
    await daemon.uninstall('Greeter');
    await daemon.install({ path: next, store: two });
  });

  it('is judged under the anchors of the store it came from, and no other', async () => {
    const stranger = await fixtures.authority();
    const anchors = [authority.anchor, stranger.anchor];
    const storeAnchors = new Map([
      ['https://one.example', [authority.anchor]],
      ['https://two.example', [stranger.anchor]],
    ]);
    await using daemon = await startDaemon(fixtures, anchors, { storeAnchors });
    const path = await writePackage(fixtures, signer);
    expect(await refusal(daemon, { path, store: 'https://two.example' })).toMatchObject({ resultCode: 400 });
    expect(await refusal(daemon, { path, store: 'https://three.example' })).toMatchObject({
      code: 'STORE_UNKNOWN',
    });
    await daemon.install({ path, store: 'https://one.example' });
  });

  it('differs from an installed id in case only', async () => {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer) });
    const path = await writePackage(fixtures, signer, { id: 'GREETER', version: '2.0.0' });
    expect(await refusal(daemon, { path })).toMatchObject({ code: 'PLUGIN_ID_CONFLICT', resultCode: 500 });
  });

  it('would replace a folder that another program left', async () => {
    await using daemon = await start();
    const folder = join(daemon.info.dataDir, 'plugins', 'Greeter');
    await mkdir(folder);
    expect(await daemon.list()).toEqual([]);
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ name: 'Greeter', version: '0.5.0' }));
    expect(await daemon.list()).toMatchObject([
      { id: 'Greeter', version: '0.5.0', path: folder, publisher: null, state: 'unmanaged' },
    ]);
    const before = await snapshot(daemon);
    const path = await writePackage(fixtures, signer);
    expect(await refusal(daemon, { path, force: true })).toMatchObject({
      code: 'UNMANAGED_FOLDER',
      resultCode: -1,
    });
    await expect(daemon.uninstall('Greeter')).rejects.toMatchObject({ code: 'UNMANAGED_FOLDER' });
    expect(await snapshot(daemon)).toEqual(before);
  });

  it('stands over a record that cannot be read', async () => {
    await using daemon = await start();
    const { path: root } = await daemon.install({ path: await writePackage(fixtures, signer) });
    const home = join(daemon.info.dataDir, 'plugins', '.versions', 'Greeter');
    const record = (await readdir(home)).find((name) => name.endsWith('.record.json')) ?? '';
    await writeFile(join(home, record), '{"format":1');
    expect(await daemon.list()).toMatchObject([{ id: 'Greeter', path: root, state: 'damaged' }]);
    const path = await writePackage(fixtures, signer, { version: '2.0.0' });
    expect(await refusal(daemon, { path })).toMatchObject({ code: 'RECORD_DAMAGED', resultCode: -1 });
    await daemon.uninstall('Greeter');
    await daemon.install({ path });
  });
});

describe('what waits', () => {
  it('is bounded', async () => {
    await using daemon = await start({ limits: { maxRunningInstalls: 1, maxWaitingInstalls: 1 } });
    const path = await writePackage(fixtures, signer);
    const requests = [1, 2, 3].map(() =>
      daemon.install({ path }).then(
        () => 'INSTALLED',
        (e) => errorOutcome(e).code,
      ),
    );
    expect((await Promise.all(requests)).sort()).toEqual(['INSTALLED', 'SAME_VERSION', 'TOO_MANY_INSTALLS']);
  });
});
