import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createPublishing,
  fixtureInstant,
  jpl,
  namesIn,
  type Place,
  type Publishing,
  serve,
  temporaryFolder,
} from '../cli-fixtures.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let server: Awaited<ReturnType<typeof serve>>;
/** A user of each test's own. */
let place: Place;
let tests = 0;

const trusting = () => ['--trust-anchor', publishing.root, '--revocation', 'off'];
const openStore = (dir: string, port = '0') =>
  serve({ cwd: folder.path }, 'store', 'serve', '--data-dir', dir, '--port', port, ...trusting());

/** Puts a package into the store as its operator does, and waits until it is offered. */
async function publish(id: string, version: string): Promise<void> {
  const file = await publishing.sign({ id, version });
  await copyFile(file, join(folder.path, 'offers', `${id}-${version}.tmp`));
  await rename(
    join(folder.path, 'offers', `${id}-${version}.tmp`),
    join(folder.path, 'offers', 'packages', `${id}-${version}.jpl`),
  );
  await offered(id, version);
}

async function offered(id: string, version: string): Promise<void> {
  const url = new URL(`/versions/${id}?arch=${currentPlatform()}`, server.url);
  await vi.waitFor(async () => expect(await (await fetch(url)).text()).toContain(`"version":"${version}"`), {
    timeout: 30_000,
  });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  publishing = await createPublishing(folder.path);
  await mkdir(join(folder.path, 'offers', 'packages'), { recursive: true });
  server = await openStore('offers');
  for (const id of ['Demo', 'Other']) await publish(id, '1.9.0');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
beforeEach(async () => {
  tests += 1;
  place = { cwd: join(folder.path, `user-${tests}`) };
  await mkdir(place.cwd);
});

const own = (command: string, ...args: string[]) => jpl(place, command, ...args, '--data-dir', 'data');

/** A user who has installed the first version of both plugins from the store. */
async function installBoth(): Promise<void> {
  const { fingerprint256 } = new X509Certificate(await readFile(publishing.root));
  const root = ['--root', publishing.root, '--sha256', fingerprint256];
  await jpl(place, 'store', 'add', 'fixture', server.url, ...root, '--data-dir', 'data');
  for (const id of ['Demo', 'Other'])
    expect(await own('install', id, '--release', '1.9.0', ...trusting())).toMatchObject({ code: 0, err: '' });
}
const versions = async () =>
  (await own('list', '--json'))
    .json<{ id: string; version: string }[]>()
    .map(({ id, version }) => [id, version]);

it('nothing is installed: nothing is newer, nothing is made, and nothing can be decided', async () => {
  expect(await own('outdated')).toMatchObject({ code: 0, out: '', err: 'Everything is up to date.\n' });
  expect((await own('outdated', '--json')).json()).toEqual({ updates: [], notices: [], failures: [] });
  expect((await own('update', '--all', '--json')).json()).toEqual([]);
  for (const line of [
    ['update', 'Demo'],
    ['pin', 'Demo'],
    ['skip', 'Demo', '1.0'],
    ['hold', 'Demo', '3'],
  ]) {
    const [command = '', ...args] = line;
    const ran = await own(command, ...args, '--json');
    expect([line, ran.code, ran.json().code]).toEqual([line, 1, 'PLUGIN_NOT_INSTALLED']);
  }
  expect((await own('log', '--updates', '--json')).json()).toEqual({ failures: [], entries: [] });
  expect((await own('auto-update', '--json')).json()).toEqual({ autoUpdate: false });
  expect(await namesIn(place.cwd)).toEqual([]);
});

it('automatic updates are off until they are switched on', async () => {
  expect(await own('auto-update', 'on')).toMatchObject({
    code: 0,
    out: 'Plugins are updated by themselves\n',
  });
  expect((await own('auto-update', '--json')).json()).toEqual({ autoUpdate: true });
  expect(await own('auto-update', 'off')).toMatchObject({
    code: 0,
    out: 'Plugins are updated only when asked for\n',
  });
});

describe('with plugins installed from a store', () => {
  beforeEach(installBoth);

  it('there is nothing newer at first', async () => {
    expect(await own('update', '--all')).toMatchObject({
      code: 0,
      out: '',
      err: 'Everything is up to date.\n',
    });
    expect(await own('update', 'Demo')).toMatchObject({
      code: 0,
      out: 'Demo 1.9.0 is up to date\n',
      err: '',
    });
    const nothing = await own('skip', 'Demo');
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('nothing newer')]);
  });

  it('a plugin from a file, or from a store that is configured no more, is updated by nobody', async () => {
    await own('uninstall', 'Other');
    const file = await publishing.sign({ id: 'Other', version: '1.9.0' });
    expect(await own('install', file, ...trusting())).toMatchObject({ code: 0 });
    const filed = await own('update', 'Demo', 'Other', '--json');
    expect([filed.code, filed.json()]).toEqual([
      2,
      { code: 'STORE_NOT_CONFIGURED', message: expect.stringContaining('from a file') },
    ]);
    await jpl(place, 'store', 'remove', 'fixture', '--data-dir', 'data');
    expect((await own('update', 'Demo', '--json')).json()).toMatchObject({ code: 'STORE_NOT_CONFIGURED' });
  });
});

describe('with newer ones in the store', () => {
  beforeAll(async () => {
    for (const id of ['Demo', 'Other']) await publish(id, '1.10.0');
  });
  beforeEach(installBoth);

  it('says what is newer, updates one by name and then the rest, and remembers it', async () => {
    const told = await own('outdated');
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out.split('\n').sort()).toEqual([
      '',
      'Demo  1.9.0 -> 1.10.0  (fixture)',
      'Other  1.9.0 -> 1.10.0  (fixture)',
    ]);
    expect(await versions()).toEqual([
      ['Demo', '1.9.0'],
      ['Other', '1.9.0'],
    ]);
    expect(await own('update', 'Demo', ...trusting())).toMatchObject({
      code: 0,
      out: 'Demo 1.10.0 is installed in place of 1.9.0\n',
      err: '',
    });
    const rest = await own('update', '--all', '--json', ...trusting());
    expect([rest.code, rest.json<object[]>()]).toEqual([
      0,
      [
        { id: 'Demo', store: 'fixture', from: '1.10.0', status: 'current', code: null },
        { id: 'Other', store: 'fixture', from: '1.9.0', status: 'updated', to: '1.10.0', code: null },
      ],
    ]);
    const log = await own('log', '--updates');
    const lines = log.out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\S+ {2}/, ''));
    expect(lines.filter((line) => line.startsWith('updated'))).toEqual([
      'updated  Demo  1.9.0 -> 1.10.0  (fixture)',
      'updated  Other  1.9.0 -> 1.10.0  (fixture)',
    ]);
    expect((await own('log', '--updates', '--limit', '1', '--json')).json()).toMatchObject({
      checkedAt: fixtureInstant.toISOString(),
      entries: [{ what: 'updated', plugin: 'Other' }],
    });
    expect(await own('rollback', 'Demo', ...trusting())).toMatchObject({ code: 0 });
  });

  it('leaves what the user wants left, until it is named', async () => {
    expect(await own('pin', 'Demo')).toMatchObject({ code: 0, out: 'Demo is pinned to its version\n' });
    expect(await own('skip', 'Other')).toMatchObject({
      code: 0,
      out: 'Other takes new releases, but not 1.10.0\n',
    });
    expect(await own('update', '--all', ...trusting())).toMatchObject({
      code: 0,
      out: 'Demo stays at 1.9.0: 1.10.0 is pinned\nOther stays at 1.9.0: 1.10.0 is passed over\n',
    });
    const { updates } = (await own('outdated', '--json')).json<{ updates: object[] }>();
    expect(updates).toMatchObject([
      { id: 'Demo', store: 'fixture', installed: '1.9.0', offered: '1.10.0', heldBack: { reason: 'pinned' } },
      { id: 'Other', heldBack: { reason: 'skipped' } },
    ]);
    const decided = await own('skip', 'Other', '--undo', '--json');
    expect(decided.json()).toEqual({ id: 'Other', pinned: false, skippedVersion: null, holdDays: 0 });
    expect(await own('hold', 'Other', '3')).toMatchObject({
      out: 'Other takes releases that are 3 days old\n',
    });
    const early = await own('outdated');
    expect(early.out).toContain(
      'Other  1.9.0 -> 1.10.0  (fixture)  too new until 2026-06-04T00:00:00.000Z\n',
    );
    place = { ...place, at: new Date('2026-06-05T00:00:00Z') };
    expect(await own('update', '--all', ...trusting())).toMatchObject({
      code: 0,
      out: expect.stringContaining('Other 1.10.0 is installed in place of 1.9.0\n'),
    });
    expect(await own('update', 'Demo', ...trusting())).toMatchObject({
      code: 0,
      out: 'Demo 1.10.0 is installed in place of 1.9.0\n',
    });
    expect(await own('unpin', 'Demo')).toMatchObject({ code: 0, out: 'Demo takes new releases\n' });
  });

  it('installs the version that is asked for, an older one too, and no file', async () => {
    expect(await own('install', 'Demo', '--release', '1.10', ...trusting())).toMatchObject({
      code: 0,
      out: 'Demo 1.10.0 is installed\n',
    });
    expect(await own('install', 'Demo', '--release', '1.9.0', ...trusting())).toMatchObject({ code: 0 });
    const none = await own('install', 'Demo', '--release', '3.0', '--json', ...trusting());
    expect([none.code, none.json().code]).toEqual([1, 'VERSION_NOT_OFFERED']);
    const file = await publishing.sign({ id: 'Demo', version: '1.9.0' });
    expect(await own('install', file, '--release', '1.9.0')).toMatchObject({
      code: 2,
      err: expect.stringContaining('USAGE'),
    });
  });

  it('does not take a store that is away for one that has nothing newer', async () => {
    await server[Symbol.asyncDispose]();
    const { port } = new URL(server.url);
    try {
      const told = await own('outdated');
      expect([told.code, told.out]).toEqual([1, '']);
      expect(told.err).toContain('fixture could not be asked about Demo, Other: ');
      expect(told.err).toContain('code: CONNECTION_REFUSED');
      const asked = await own('outdated', '--json');
      expect([asked.code, asked.json()]).toMatchObject([
        1,
        {
          updates: [],
          failures: [{ store: 'fixture', code: 'CONNECTION_REFUSED', plugins: ['Demo', 'Other'] }],
        },
      ]);
      const updated = await own('update', 'Demo', '--json', ...trusting());
      expect([updated.code, updated.json()]).toMatchObject([
        1,
        [{ id: 'Demo', status: 'failed', code: 'CONNECTION_REFUSED' }],
      ]);
    } finally {
      server = await openStore('offers', port);
    }
  });
});
