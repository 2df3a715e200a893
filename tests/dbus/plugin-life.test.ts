import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, Shell } from '../cli/jpl-process.js';
import { createPublisher, makePackage } from '../client-world.js';
import { conformanceFolder, skipMessage } from '../conformance/shared.js';
import { busSkipMessage, openSessionBus, type SessionBus } from './session-bus.js';

const folder = conformanceFolder();
const testSuite = join(folder ?? '', 'upstream-jpl', 'TestSuite.jpl');
const why = folder === undefined ? ` (${skipMessage})` : busSkipMessage;

/** Each step needs the ones before it. */
describe.skipIf(why !== '')(`the life of Jami's own test plugin over D-Bus${why}`, () => {
  let shell: Shell;
  let bus: SessionBus;
  let daemon: Server;
  let root: string;
  let otherOrganization: string;

  const serve = async (language: string): Promise<void> => {
    shell.env.JAMI_LANG = language;
    const trust = ['--trust-anchor', 'jami.pem', '--trust-anchor', join('other', 'root.pem')];
    const time = ['--at', '2026-11-22T00:00:00Z', '--revocation', 'when-named'];
    daemon = await shell.serve('daemon', '--data-dir', 'data', '--dbus', ...trust, ...time);
  };
  const details = async () => (await bus.call('getPluginDetails', 's', root)) as Record<string, string>;
  const values = async (account = '') =>
    (await bus.call('getPluginPreferencesValues', 'ss', root, account)) as Record<string, string>;
  const set = (account: string, key: string, value: string) =>
    bus.call('setPluginPreference', 'ssss', root, account, key, value);

  beforeAll(async () => {
    shell = await Shell.open();
    bus = await openSessionBus();
    shell.env.DBUS_SESSION_BUS_ADDRESS = bus.address;
    await writeFile(shell.at('jami.pem'), await certificateOf(testSuite));
    const publisher = await createPublisher(shell.at('other'));
    otherOrganization = await makePackage(publisher, { id: 'TestSuite', version: '9.0.0', bulk: 100 });
    root = shell.at('data', 'plugins', 'TestSuite');
    await serve('en_US.UTF-8');
  });
  afterAll(async () => {
    await shell[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
  });

  it('is installed', async () => {
    expect(await bus.call('getPlatformInfo')).toEqual({ os: 'x86_64-linux-gnu' });
    expect(await bus.call('getInstalledPlugins')).toEqual([]);
    expect(await bus.call('installPlugin', 'sb', testSuite, 'false')).toBe(0);
    expect(await bus.call('installPlugin', 'sb', testSuite, 'false')).toBe(100);
    expect(await bus.call('getInstalledPlugins')).toEqual([root]);
  });

  it('is told of in English', async () => {
    expect(await details()).toMatchObject({
      id: 'TestSuite',
      name: 'TestSuite',
      version: '1.0.1',
      author: 'Jami',
      iconPath: join(root, 'data', 'icon.svg'),
      soPath: join(root, 'libTestSuite.so'),
      description: 'TestSuite is a empty process plugin conceived for use in the daemon unit tests.',
    });
    const [preference] = (await bus.call('getPluginPreferences', 'ss', root, '')) as Record<string, string>[];
    expect(preference).toMatchObject({
      type: 'EditText',
      key: 'textGlobalPreference',
      title: 'text one in english',
    });
  });

  it('has its preferences set and reset', async () => {
    const defaults = { textGlobalPreference: 'default one in english' };
    expect(await values()).toEqual(defaults);
    expect(await values('cafe1')).toEqual({ ...defaults, textAccountPreference: 'default two in english' });
    expect(await set('', 'textGlobalPreference', 'for all')).toBe(true);
    expect(await set('cafe1', 'textAccountPreference', 'for one')).toBe(true);
    expect(await set('', 'nothingLikeIt', 'x')).toBe(false);
    expect(await values('cafe1')).toEqual({
      textGlobalPreference: 'for all',
      textAccountPreference: 'for one',
    });
    expect(await values('cafe2')).toMatchObject({ textAccountPreference: 'default two in english' });
    expect(await bus.call('resetPluginPreferencesValues', 'ss', root, 'cafe1')).toBe(true);
    expect(await values('cafe1')).toMatchObject({ textAccountPreference: 'default two in english' });
    expect(await values()).toEqual({ textGlobalPreference: 'for all' });
  });

  it('is loaded, with the handlers it registers', async () => {
    expect(await bus.call('loadPlugin', 's', root)).toBe(true);
    expect(await bus.call('getLoadedPlugins')).toEqual([root]);
    const media = (await bus.call('getCallMediaHandlers')) as string[];
    const chat = (await bus.call('getChatHandlers')) as string[];
    expect(media.length + chat.length).toBeGreaterThan(0);
    for (const id of [...media, ...chat]) expect(id).toMatch(/^[1-9]\d*$/);
    const toggle = bus.call('toggleChatHandler', 'sssb', chat[0] ?? '', 'cafe1', 'peer', 'true');
    await expect(toggle).rejects.toThrow('this daemon has none');
  });

  it('is told of in French after a restart, and loaded as it was', async () => {
    await daemon[Symbol.asyncDispose]();
    await serve('fr');
    const { description } = await details();
    expect(description).not.toBe('');
    expect(description).not.toMatch(/conceived|\{\{/);
    const [preference] = (await bus.call('getPluginPreferences', 'ss', root, '')) as Record<string, string>[];
    expect(preference?.title).not.toBe('text one in english');
    expect(await values()).toEqual({ textGlobalPreference: 'for all' });
    await expect.poll(() => bus.call('getLoadedPlugins')).toEqual([root]);
  });

  it('is unloaded', async () => {
    expect(await bus.call('unloadPlugin', 's', root)).toBe(true);
    expect(await bus.call('getLoadedPlugins')).toEqual([]);
    expect(await bus.call('getChatHandlers')).toEqual([]);
  });

  it('is not updated by another organization, and keeps its values', async () => {
    for (const force of ['false', 'true'])
      expect(await bus.call('installPlugin', 'sb', otherOrganization, force)).toBe(400);
    expect(await details()).toMatchObject({ version: '1.0.1', author: 'Jami' });
    expect(await values()).toEqual({ textGlobalPreference: 'for all' });
  });

  it('is disabled with all others, and uninstalled', async () => {
    await bus.call('setPluginsEnabled', 'b', 'false');
    expect(await bus.call('getPluginsEnabled')).toBe(false);
    expect(await bus.call('loadPlugin', 's', root)).toBe(false);
    await bus.call('setPluginsEnabled', 'b', 'true');
    expect(await bus.call('uninstallPlugin', 's', root)).toBe(0);
    expect(await bus.call('uninstallPlugin', 's', root)).toBe(-1);
    expect(await bus.call('getInstalledPlugins')).toEqual([]);
    expect(await details()).toEqual({});
    expect(existsSync(root)).toBe(false);
    expect(await readdir(shell.at('data', 'plugins', '.versions'))).toEqual([]);
  });
});

describe.skipIf(busSkipMessage !== '')(`jpl daemon --dbus${busSkipMessage}`, () => {
  it('says why it cannot answer on the session bus', async () => {
    await using shell = await Shell.open();
    await using bus = await openSessionBus();
    const start = (dataDir: string, address: string) =>
      shell.start(['daemon', '--data-dir', dataDir, '--dbus'], { env: { DBUS_SESSION_BUS_ADDRESS: address } })
        .ended;
    expect(await start('one', 'unix:path=/nowhere')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('code: DBUS_UNAVAILABLE'),
    });
    shell.env.DBUS_SESSION_BUS_ADDRESS = bus.address;
    await using first = await shell.serve('daemon', '--data-dir', 'two', '--dbus');
    expect(first.ready.ready).toBe(true);
    expect(await start('three', bus.address)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('code: DBUS_NAME_TAKEN'),
    });
  });
});

async function certificateOf(file: string): Promise<Buffer> {
  await using source = await openFileSource(file);
  const archive = await openArchive(source);
  const entry = archive.entries.find(({ name }) => name.endsWith('.crt'));
  if (entry === undefined) throw new Error(`${file} has no certificate`);
  return archive.read(entry);
}
