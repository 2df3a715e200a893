import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon, DaemonOptions } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { type Layout, layoutOf } from '../installed/layout.js';
import { listen } from '../managing/managing-fixtures.js';

const id = 'Greeter';
const account = 'a1b2c3d4e5f60718';
const definitions = {
  'data/preferences.json': JSON.stringify([
    {
      type: 'List',
      key: 'tone',
      title: '{{name}}',
      defaultValue: 'warm',
      entries: ['W', 'C'],
      entryValues: ['warm', 'cold'],
    },
    { type: 'Path', key: 'picture', defaultValue: 'data/icon.svg', mimeType: 'image/*' },
    { type: 'EditText', key: 'tone', defaultValue: 'never seen' },
    { type: 'EditText', key: 'plain' },
    { type: 'EditText', key: '__proto__', defaultValue: 'p' },
  ]),
  'data/accountpreferences.json': JSON.stringify([
    { type: 'Switch', key: 'on', defaultValue: 'true' },
    { type: 'EditText', key: 'nick', defaultValue: '{{name}}' },
  ]),
};

/** MessagePack by hand: fixmap and fixstr (the format's specification), as a C++ `std::map` is packed. */
function packed(values: Record<string, string>): Buffer {
  const text = (one: string): Buffer =>
    Buffer.concat([Buffer.from([0xa0 | Buffer.byteLength(one)]), Buffer.from(one)]);
  const pairs = Object.entries(values);
  return Buffer.concat([Buffer.from([0x80 | pairs.length]), ...pairs.flat().map(text)]);
}

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
let dataDir: string;
let layout: Layout;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(() => {
  dataDir = fixtures.path('data');
  layout = layoutOf(dataDir);
});

const packageOf = (version = '1.0.0', files: object = definitions) =>
  writePackage(fixtures, signer, { version, files: { ...files } });
const start = (options: Partial<DaemonOptions> = {}): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], { dataDir, language: 'en', ...options });
const accountFile = () => join(dataDir, account, 'plugins', id, 'preferences.msgpack');

async function started(options: Partial<DaemonOptions> = {}): Promise<Daemon> {
  const daemon = await start(options);
  await daemon.install({ path: await packageOf() });
  return daemon;
}

describe('preferences', () => {
  it('are told with their texts, defaults and values; the first of a key counts', async () => {
    await using daemon = await started();
    const { preferences, values, ...told } = await daemon.preferences(id, account, 'fr');
    expect(told).toEqual({ id, account, language: 'fr', problems: [] });
    expect(preferences.map(({ scope, key, value }) => [scope, key, value])).toEqual([
      ['global', 'tone', 'warm'],
      ['global', 'picture', join(layout.link(id), 'data/icon.svg')],
      ['global', 'plain', ''],
      ['global', '__proto__', 'p'],
      ['account', 'on', 'true'],
      ['account', 'nick', 'Salueur'],
    ]);
    expect(preferences[0]?.fields).toMatchObject({
      title: 'Salueur',
      entryValues: 'warm,cold',
      type: 'List',
    });
    expect(preferences[1]?.fields).toMatchObject({ defaultValue: join(layout.link(id), 'data/icon.svg') });
    expect(Object.entries(values)).toContainEqual(['__proto__', 'p']);
    expect(Object.keys((await daemon.preferences(id)).values)).not.toContain('on');
    expect((await daemon.preferences(id, account, 'en')).preferences[5]?.value).toBe('Greeter');
  });

  it('are default, then global, then of the account; a global key is global with an account, too', async () => {
    await using daemon = await started();
    const heard = listen(daemon);
    await daemon.setPreferences(id, { account, values: { tone: 'cold', on: 'false' } });
    const { values } = await daemon.preferences(id, account);
    expect(values).toMatchObject({ tone: 'cold', on: 'false' });
    expect((await daemon.preferences(id)).values.tone).toBe('cold');
    expect((await daemon.preferences(id, 'other')).values).toMatchObject({ tone: 'cold', on: 'true' });
    expect(heard.events).toMatchObject([
      { type: 'preferences', plugin: id, account: null, keys: ['tone'] },
      { type: 'preferences', plugin: id, account, keys: ['on'] },
    ]);
    // What it is already is no change.
    await daemon.setPreference(id, account, 'on', 'false');
    expect(heard.events).toHaveLength(2);
    await daemon.resetPreferences(id, account);
    expect((await daemon.preferences(id, account)).values).toMatchObject({ tone: 'cold', on: 'true' });
    await daemon.resetPreferences(id);
    expect((await daemon.preferences(id, account)).values).toMatchObject({ tone: 'warm' });
    expect([...(await readFile(accountFile()))]).toEqual([0x80]);
  });

  it('are stored byte for byte as Jami does, behind the link of the tree', async () => {
    await using daemon = await started();
    await daemon.setPreferences(id, { account, values: { tone: 'cold', plain: 'Grüße', nick: 'me' } });
    const file = join(layout.link(id), 'preferences.msgpack');
    // msgpack::pack of a std::map: sorted by key, shortest forms.
    expect(await readFile(file)).toEqual(packed({ plain: 'Grüße', tone: 'cold' }));
    expect(await readFile(accountFile())).toEqual(packed({ nick: 'me' }));
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readlink(file)).toBe('../preferences.msgpack');
    expect(await readdir(layout.staging)).toEqual([]);
    expect(await daemon.check(id)).toMatchObject({ state: 'installed' });
  });

  it('that Jami wrote are read, those of keys long gone, too', async () => {
    await using daemon = await started();
    // As a C++ stream does: through the link, into the file behind it.
    await writeFile(join(layout.link(id), 'preferences.msgpack'), packed({ tone: 'cold', gone: 'x' }));
    expect((await daemon.preferences(id)).values).toMatchObject({ tone: 'cold', gone: 'x' });
    await daemon.setPreference(id, undefined, 'plain', 'y');
    expect((await daemon.preferences(id)).values).toMatchObject({ tone: 'cold', gone: 'x', plain: 'y' });
  });

  it('outlive updates, also where another program put a file in the place of the link', async () => {
    await using daemon = await started();
    const file = join(layout.link(id), 'preferences.msgpack');
    await daemon.setPreference(id, undefined, 'tone', 'cold');
    await rm(file);
    await writeFile(file, packed({ tone: 'warm', plain: 'theirs' }));
    expect((await daemon.preferences(id)).values).toMatchObject({ tone: 'warm', plain: 'theirs' });
    await daemon.install({ path: await packageOf('2.0.0') });
    expect((await daemon.preferences(id)).values).toMatchObject({ tone: 'warm', plain: 'theirs' });
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    await rm(file);
    await writeFile(file, packed({ plain: 'again' }));
    await daemon.setPreference(id, undefined, 'tone', 'cold');
    expect(await readFile(layout.preferences(id))).toEqual(packed({ plain: 'again', tone: 'cold' }));
    expect((await lstat(file)).isSymbolicLink()).toBe(true);
    await daemon.uninstall(id);
    expect(await readdir(layout.plugins)).not.toContain(id);
  });

  it('of Windows have a second name in the tree, which follows', async () => {
    await using daemon = await started({ system: 'win32' });
    const file = join(layout.link(id), 'preferences.msgpack');
    await daemon.setPreference(id, undefined, 'tone', 'cold');
    expect((await lstat(file)).ino).toBe((await lstat(layout.preferences(id))).ino);
    await writeFile(file, packed({ tone: 'warm', plain: 'theirs' }));
    await daemon.install({ path: await packageOf('2.0.0') });
    expect((await daemon.preferences(id)).values).toMatchObject({ tone: 'warm', plain: 'theirs' });
  });

  it('lose nothing to setters that come at once', async () => {
    await using daemon = await started();
    const keys = ['tone', 'plain', '__proto__'];
    const values = ['cold', 'b', 'c'];
    await Promise.all(
      keys.flatMap((key, index) => [
        daemon.setPreference(id, undefined, key, values[index] ?? ''),
        daemon.setPreference(id, account, 'nick', `n${index}`),
      ]),
    );
    const { values: now } = await daemon.preferences(id, account);
    expect(Object.entries(now)).toEqual(
      expect.arrayContaining([
        ['tone', 'cold'],
        ['plain', 'b'],
        ['__proto__', 'c'],
        ['nick', 'n2'],
      ]),
    );
  });

  it.each<[string, string | undefined, Record<string, string>, string]>([
    ['an unknown key', undefined, { nothing: '1' }, 'PREFERENCE_UNKNOWN'],
    ['a key of accounts without one', undefined, { on: 'true' }, 'PREFERENCE_UNKNOWN'],
    ['an inherited name', undefined, { constructor: '1' }, 'PREFERENCE_UNKNOWN'],
    ['a wrong value beside a right one', account, { on: 'false', tone: 'hot' }, 'PREFERENCE_VALUE_INVALID'],
    ['a way out', '../..', { on: 'true' }, 'ACCOUNT_ID_INVALID'],
    ["the plugins' own folder", 'plugins', { on: 'true' }, 'ACCOUNT_ID_INVALID'],
    ["the daemon's own folder", 'JPL', { on: 'true' }, 'ACCOUNT_ID_INVALID'],
    ['no account', '', { on: 'true' }, 'ACCOUNT_ID_INVALID'],
    ['a very long account', 'a'.repeat(65), { on: 'true' }, 'ACCOUNT_ID_INVALID'],
  ])('refuse %s and change nothing', async (_what, of, values, code) => {
    await using daemon = await started();
    const change = of === undefined ? { values } : { account: of, values };
    await expect(daemon.setPreferences(id, change)).rejects.toMatchObject({ name: 'DaemonError', code });
    if (code === 'ACCOUNT_ID_INVALID') {
      await expect(daemon.preferences(id, of)).rejects.toMatchObject({ code });
      await expect(daemon.resetPreferences(id, of)).rejects.toMatchObject({ code });
    }
    expect([...(await readFile(layout.preferences(id)))]).toEqual([0x80]);
    expect((await readdir(dataDir)).sort()).toEqual(['jpl', 'plugins']);
  });

  it('of a plugin that is not there are not told', async () => {
    await using daemon = await start();
    for (const other of ['Nobody', '../x', '__proto__'])
      await expect(daemon.preferences(other)).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await daemon.install({ path: await packageOf('1.0.0', {}) });
    expect(await daemon.preferences(id)).toMatchObject({ preferences: [], values: {}, problems: [] });
  });

  it('that cannot be read are told as their defaults, and kept aside when others are set', async () => {
    await using daemon = await started();
    const file = join(layout.link(id), 'preferences.msgpack');
    await mkdir(dirname(accountFile()), { recursive: true });
    for (const path of [file, accountFile()]) await writeFile(path, 'no map at all');
    const damaged = await daemon.preferences(id, account);
    expect(damaged.values).toMatchObject({ tone: 'warm', on: 'true' });
    expect(damaged.problems).toMatchObject([
      { code: 'PREFERENCES_DAMAGED' },
      { code: 'PREFERENCES_DAMAGED' },
    ]);
    await daemon.setPreferences(id, { account, values: { tone: 'cold', on: 'false' } });
    await daemon.install({ path: await packageOf('2.0.0') });
    expect(await daemon.preferences(id, account)).toMatchObject({
      values: { tone: 'cold', on: 'false' },
      problems: [],
    });
    for (const folder of [layout.home(id), dirname(accountFile())]) {
      const kept = (await readdir(folder)).filter((name) => name.startsWith('preferences.msgpack.damaged-'));
      expect(kept).toHaveLength(1);
      expect(await readFile(join(folder, kept[0] ?? ''), 'utf8')).toBe('no map at all');
    }
  });

  it('do not follow links out of the data folder', async () => {
    await using daemon = await started();
    const elsewhere = fixtures.path('elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'secret'), packed({ tone: 'cold' }));
    await symlink(elsewhere, join(dataDir, account));
    await expect(daemon.setPreference(id, account, 'on', 'false')).rejects.toMatchObject({
      code: 'PREFERENCES_DAMAGED',
    });
    expect(await readdir(elsewhere)).toEqual(['secret']);
    await rm(layout.preferences(id));
    await symlink(join(elsewhere, 'secret'), layout.preferences(id));
    expect(await daemon.preferences(id)).toMatchObject({
      values: { tone: 'warm' },
      problems: [{ code: 'PREFERENCES_DAMAGED' }],
    });
  });

  it('whose definitions cannot be read are none, and that is told', async () => {
    await using daemon = await start();
    await daemon.install({
      path: await packageOf('1.0.0', { ...definitions, 'data/preferences.json': '{}' }),
    });
    const told = await daemon.preferences(id, account);
    expect(told.problems).toMatchObject([{ code: 'PREFERENCES_MALFORMED' }]);
    expect(told.preferences.map(({ scope }) => scope)).toEqual(['account', 'account']);
  });
});
