import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, type Signer, startDaemon, writePackage } from '../daemon-fixtures.js';
import { busSkipMessage, PrivateBus } from './bus-fixtures.js';
import { busName, pluginManagerInterface, pluginManagerPath } from './plugin-manager-interface.js';
import { type DBusServer, serveDBus } from './serve-dbus.js';

/** The interface of the compatibility text, as it is written there. */
const methods =
  'loadPlugin(s)b unloadPlugin(s)b getPluginDetails(s)a{ss} getPluginPreferences(ss)aa{ss} setPluginPreference(ssss)b ' +
  'getPluginPreferencesValues(ss)a{ss} resetPluginPreferencesValues(ss)b getInstalledPlugins()as getLoadedPlugins()as ' +
  'installPlugin(sb)i uninstallPlugin(s)i getPlatformInfo()a{ss} getPluginsEnabled()b setPluginsEnabled(b) ' +
  'getCallMediaHandlers()as getChatHandlers()as toggleCallMediaHandler(ssb) toggleChatHandler(sssb) ' +
  'getCallMediaHandlerDetails(s)a{ss} getCallMediaHandlerStatus(s)as getChatHandlerDetails(s)a{ss} ' +
  'getChatHandlerStatus(ss)as sendWebViewMessage(ssss) sendWebViewAttach(ssss)s sendWebViewDetach(ss)';
const signals = 'webViewMessageReceived(ssss)';

interface Declared {
  readonly name: string;
  readonly in: string;
  readonly out: string;
}
const declared = (text: string): Declared[] =>
  text.split(' ').map((one) => {
    const [, name = '', taken = '', out = ''] = /^(\w+)\((.*?)\)(.*)$/.exec(one) ?? [];
    return { name, in: taken, out };
  });

const preferences = [
  { type: 'EditText', key: 'word', title: '{{word}}', defaultValue: 'hello' },
  { type: 'Switch', key: 'loud', title: 'Loud', defaultValue: 'false' },
];
const accountPreferences = [{ type: 'EditText', key: 'nick', title: 'Nick', defaultValue: 'me' }];

describe.skipIf(busSkipMessage !== undefined)(
  `the plugin manager on the session bus${busSkipMessage === undefined ? '' : ` (${busSkipMessage})`}`,
  () => {
    let fixtures: DaemonFixtures;
    let signer: Signer;
    let other: Signer;
    let daemon: Daemon;
    let bus: PrivateBus;
    let face: DBusServer;
    let root: string;
    const refusals: object[] = [];

    beforeAll(async () => {
      fixtures = await DaemonFixtures.create();
      const authority = await fixtures.authority();
      signer = await (await authority.organization('Hello Ltd'))();
      other = await (await authority.organization('Other Ltd'))();
      daemon = await startDaemon(fixtures, [authority.anchor]);
      bus = await PrivateBus.start();
      const logger = { warn: (about: object) => void refusals.push(about) };
      face = await serveDBus(daemon, { env: bus.env, logger });
      root = join(daemon.info.dataDir, 'plugins', 'Greeter');
      await daemon.install({ path: await packageOf('1.0.0') });
    });
    afterAll(async () => {
      await face[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      await fixtures[Symbol.asyncDispose]();
    });

    const packageOf = (version: string, by = signer): Promise<string> =>
      writePackage(fixtures, by, {
        version,
        files: {
          'data/preferences.json': JSON.stringify(preferences),
          'data/accountpreferences.json': JSON.stringify(accountPreferences),
          'data/locale/Greeter_en.json': JSON.stringify({
            name: 'Greeter',
            about: 'Says hello',
            word: 'Word',
          }),
        },
      });
    const answer = async (member: string, signature = '', ...args: string[]): Promise<string> => {
      const { out, status, error } = await bus.call(member, signature, ...args);
      return status === 0 ? out : `failed: ${error}`;
    };
    const send = (member: string, ...args: string[]) =>
      bus.spoken(
        'dbus-send',
        '--session',
        '--print-reply',
        `--dest=${busName}`,
        pluginManagerPath,
        `${pluginManagerInterface.name}.${member}`,
        ...args,
      );

    it('has the interface of the compatibility text and the standard ones, no more and no less', async () => {
      const { out } = await bus.busctl('introspect', busName, pluginManagerPath);
      const rows = out.split('\n').map((row) => row.split(/\s+/));
      const dash = (text: string): string => (text === '' ? '-' : text);
      const ours = [
        [pluginManagerInterface.name, 'interface', '-', '-', '-'],
        ...declared(methods).map((one) => [`.${one.name}`, 'method', dash(one.in), dash(one.out), '-']),
        ...declared(signals).map((one) => [`.${one.name}`, 'signal', one.in, '-', '-']),
      ];
      const firstStandard = rows.findIndex(([name]) => name?.startsWith('org.'));
      const [found, standard] = [rows.slice(1, firstStandard), rows.slice(firstStandard)];
      const sorted = (table: string[][]): string[] => table.map((row) => row.join(' ')).sort();
      expect(sorted(found)).toEqual(sorted(ours));
      expect(standard.filter(([, kind]) => kind === 'interface').map(([name]) => name)).toEqual([
        'org.freedesktop.DBus.Introspectable',
        'org.freedesktop.DBus.Peer',
        'org.freedesktop.DBus.Properties',
      ]);
    });

    it('is found from the root on', async () => {
      const tree = await bus.busctl('--list', 'tree', busName);
      const nodes = ['/', '/cx', '/cx/ring', '/cx/ring/Ring', pluginManagerPath];
      expect(tree.out.split('\n')).toEqual(tree.out.startsWith('/\n') ? nodes : nodes.slice(1));
      const { out } = await bus.gdbus(
        'introspect',
        '--session',
        '--dest',
        busName,
        '--object-path',
        '/',
        '--recurse',
      );
      expect(out).toContain(
        `node ${pluginManagerPath} {\n          interface ${pluginManagerInterface.name} {`,
      );
    });

    it('tells what is installed, in all words of Jami', async () => {
      expect(await answer('getInstalledPlugins')).toBe(`as 1 "${root}"`);
      expect(await answer('getPluginDetails', 's', root)).toBe(
        `a{ss} 8 "id" "Greeter" "name" "Greeter" "description" "Says hello" "version" "1.0.0" ` +
          `"iconPath" "${root}/data/icon.svg" "backgroundPath" "${root}/data/background.jpg" ` +
          `"soPath" "${root}/libGreeter.so" "author" "Hello Ltd"`,
      );
      expect(await answer('getPlatformInfo')).toBe('a{ss} 1 "os" "x86_64-linux-gnu"');
      expect((await bus.gdbusCall('getPlatformInfo')).out).toBe("({'os': 'x86_64-linux-gnu'},)");
      expect((await bus.gdbusCall('getPluginDetails', root)).out).toContain("'author': 'Hello Ltd'");
      expect((await bus.gdbusCall('getInstalledPlugins')).out).toBe(`(['${root}'],)`);
    });

    it("installs with Jami's codes", async () => {
      const install = (path: string, force = 'false') => answer('installPlugin', 'sb', path, force);
      expect(await install(await packageOf('1.0.0'))).toBe('i 100');
      expect(await install(await packageOf('1.0.0'), 'true')).toBe('i 0');
      expect(await install(await packageOf('1.1.0'))).toBe('i 0');
      expect(await install(await packageOf('1.0.0'))).toBe('i 200');
      expect(await install(await packageOf('1.0.0'), 'true')).toBe('i 0');
      const tampered = { afterSigning: { 'data/version.txt': 'x' } };
      expect(await install(await writePackage(fixtures, signer, tampered))).toBe('i 300');
      expect(await install(await packageOf('2.0.0', other), 'true')).toBe('i 400');
      expect(refusals.at(-1)).toMatchObject({ method: 'installPlugin', code: 'PUBLISHER_CHANGED' });
      const unmet = { files: { 'lib/x86_64-linux-gnu/libGreeter.so': undefined } };
      expect(await install(await writePackage(fixtures, signer, unmet))).toBe('i 500');
      for (const path of ['', '/nowhere/x.jpl', 'relative.jpl', fixtures.folder])
        expect(await install(path)).toMatch(/^i (-1|500)$/);
      expect((await bus.gdbusCall('installPlugin', '/nowhere/x.jpl', 'true')).out).toBe('(-1,)');
    });

    it('tells, sets and resets preferences', async () => {
      const values = (account = '') => answer('getPluginPreferencesValues', 'ss', root, account);
      const set = (account: string, key: string, value: string) =>
        answer('setPluginPreference', 'ssss', root, account, key, value);
      const definitions = await answer('getPluginPreferences', 'ss', root, '');
      expect(definitions).toMatch(/^aa\{ss\} 2 /);
      expect(definitions).toContain('"title" "Word"');
      expect(await answer('getPluginPreferences', 'ss', root, 'abc1')).toMatch(/^aa\{ss\} 1 .*"key" "nick"/);
      expect(await values()).toBe('a{ss} 2 "word" "hello" "loud" "false"');
      expect(await set('', 'word', 'ho')).toBe('b true');
      expect(await set('abc1', 'nick', 'you')).toBe('b true');
      expect(await values()).toContain('"word" "ho"');
      expect(await values('abc1')).toContain('"nick" "you"');
      for (const [account, key, value] of [
        ['', 'unknown', 'x'],
        ['', 'loud', 'perhaps'],
        ['../../x', 'nick', 'x'],
        ['', '__proto__', 'x'],
      ] as const)
        expect([key, await set(account, key, value)]).toEqual([key, 'b false']);
      expect(await answer('resetPluginPreferencesValues', 'ss', root, '')).toBe('b true');
      expect(await answer('resetPluginPreferencesValues', 'ss', root, 'abc1')).toBe('b true');
      expect(await values('abc1')).toBe('a{ss} 3 "word" "hello" "loud" "false" "nick" "me"');
      expect((await bus.gdbusCall('setPluginPreference', root, '', 'word', 'hi')).out).toBe('(true,)');
      expect((await bus.gdbusCall('getPluginPreferencesValues', root, '')).out).toContain("'word': 'hi'");
      expect((await bus.gdbusCall('getPluginPreferences', root, '')).out).toContain("'key': 'word'");
      expect((await bus.gdbusCall('resetPluginPreferencesValues', root, '')).out).toBe('(true,)');
    });

    it('loads and unloads, and says whether it may', async () => {
      expect(await answer('getPluginsEnabled')).toBe('b true');
      // Its library is none: it cannot be loaded, and that is all that happens.
      expect(await answer('loadPlugin', 's', root)).toBe('b false');
      expect(await answer('getLoadedPlugins')).toBe('as 0');
      expect(await answer('setPluginsEnabled', 'b', 'false')).toBe('');
      expect((await bus.gdbusCall('getPluginsEnabled')).out).toBe('(false,)');
      expect((await bus.gdbusCall('loadPlugin', root)).out).toBe('(false,)');
      expect(refusals.at(-1)).toMatchObject({ method: 'loadPlugin', code: 'PLUGINS_DISABLED' });
      expect((await bus.gdbusCall('setPluginsEnabled', 'true')).out).toBe('()');
      expect((await bus.gdbusCall('getLoadedPlugins')).out).toBe('(@as [],)');
      expect((await bus.gdbusCall('unloadPlugin', root)).status).toBe(0);
      expect(await answer('unloadPlugin', 's', join(root, '..', 'Nobody'))).toBe('b false');
    });

    it('says honestly what needs a running call or chat', async () => {
      expect(await answer('getCallMediaHandlers')).toBe('as 0');
      expect(await answer('getChatHandlers')).toBe('as 0');
      expect(await answer('getCallMediaHandlerStatus', 's', 'call')).toBe('as 0');
      expect(await answer('getChatHandlerStatus', 'ss', 'account', 'peer')).toBe('as 0');
      expect(await answer('getCallMediaHandlerDetails', 's', '1')).toBe('a{ss} 0');
      expect(await answer('getChatHandlerDetails', 's', '1')).toBe('a{ss} 0');
      const refused = [
        ['toggleCallMediaHandler', '1', 'call', 'true'],
        ['toggleChatHandler', '1', 'account', 'peer', 'true'],
        ['sendWebViewMessage', 'Greeter', 'view', '1', '{}'],
        ['sendWebViewAttach', 'Greeter', 'account', 'view', 'chat'],
        ['sendWebViewDetach', 'Greeter', 'view'],
      ] as const;
      for (const [member, ...args] of refused) {
        const { in: types = '' } = declared(methods).find(({ name }) => name === member) ?? {};
        expect(await answer(member, types, ...args)).toContain('this daemon has none');
        const { error } = await bus.gdbusCall(member, ...args);
        expect(error).toContain('org.freedesktop.DBus.Error.NotSupported');
      }
      for (const member of ['getCallMediaHandlers', 'getChatHandlers'])
        expect((await bus.gdbusCall(member)).out).toBe('(@as [],)');
      expect((await bus.gdbusCall('getCallMediaHandlerStatus', 'call')).out).toBe('(@as [],)');
      expect((await bus.gdbusCall('getChatHandlerStatus', 'account', 'peer')).out).toBe('(@as [],)');
      expect((await bus.gdbusCall('getCallMediaHandlerDetails', '1')).out).toBe('(@a{ss} {},)');
      expect((await bus.gdbusCall('getChatHandlerDetails', '1')).out).toBe('(@a{ss} {},)');
    });

    it.each(['/etc', 'Greeter', '', '/nowhere/plugins/Greeter', 'plugins/../Greeter'])(
      'knows no plugin at %j',
      async (path) => {
        expect(await answer('getPluginDetails', 's', path)).toBe('a{ss} 0');
        expect(await answer('loadPlugin', 's', path)).toBe('b false');
        expect(await answer('unloadPlugin', 's', path)).toBe('b false');
        expect(await answer('uninstallPlugin', 's', path)).toBe('i -1');
        expect(await answer('getPluginPreferences', 'ss', path, '')).toBe('aa{ss} 0');
        expect(await answer('getPluginPreferencesValues', 'ss', path, '')).toBe('a{ss} 0');
        expect(await answer('setPluginPreference', 'ssss', path, '', 'word', 'x')).toBe('b false');
        expect(await answer('resetPluginPreferencesValues', 'ss', path, '')).toBe('b false');
      },
    );

    it.each(declared(methods))('refuses other arguments of $name', async ({ name, in: taken }) => {
      const wrong = [
        ['int32:1'],
        [...Array.from(taken, (type) => (type === 'b' ? 'boolean:true' : 'string:x')), 'string:more'],
        Array.from(taken, (type) => (type === 'b' ? 'string:true' : 'boolean:true')),
        ['array:string:x'],
      ].filter((args) => args.length > 0);
      if (taken !== '') wrong.push([]);
      for (const args of wrong) {
        const { status, error } = await send(name, ...args);
        expect([args, status, error]).toEqual([
          args,
          1,
          expect.stringContaining('org.freedesktop.DBus.Error.InvalidArgs'),
        ]);
      }
    });

    it('refuses what is not there by its name', async () => {
      const call = (path: string, method: string) =>
        bus.spoken('dbus-send', '--session', '--print-reply', `--dest=${busName}`, path, method);
      const own = pluginManagerInterface.name;
      for (const [path, method, error] of [
        [pluginManagerPath, `${own}.noSuchMethod`, 'UnknownMethod'],
        [pluginManagerPath, `${own}.constructor`, 'UnknownMethod'],
        [pluginManagerPath, `${own}.hasOwnProperty`, 'UnknownMethod'],
        [pluginManagerPath, 'cx.ring.Ring.CallManager.hangUp', 'UnknownInterface'],
        ['/cx/ring/Ring/CallManager', `${own}.getInstalledPlugins`, 'UnknownObject'],
        ['/cx/ring/Ring', `${own}.getInstalledPlugins`, 'UnknownInterface'],
        ['/elsewhere', 'org.freedesktop.DBus.Introspectable.Introspect', 'UnknownObject'],
      ] as const)
        expect([method, (await call(path, method)).error]).toEqual([
          method,
          expect.stringContaining(`org.freedesktop.DBus.Error.${error}`),
        ]);
    });

    it('answers what every object of D-Bus answers', async () => {
      const on = (path: string, name: string, ...args: string[]) => {
        const [, owner = '', member = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
        return bus.busctl('call', busName, path, owner, member, ...args);
      };
      const properties = 'org.freedesktop.DBus.Properties';
      expect((await on('/anything', 'org.freedesktop.DBus.Peer.Ping')).status).toBe(0);
      expect((await on('/', 'org.freedesktop.DBus.Peer.GetMachineId')).out).toMatch(/^s "[0-9a-f]{32}"$/);
      const own = pluginManagerInterface.name;
      expect((await on(pluginManagerPath, `${properties}.GetAll`, 's', own)).out).toBe('a{sv} 0');
      expect((await on(pluginManagerPath, `${properties}.GetAll`, 's', 'a.b')).error).toContain(
        'no interface',
      );
      expect((await on(pluginManagerPath, `${properties}.Get`, 'ss', own, 'x')).error).toContain(
        'no property',
      );
      expect((await on(pluginManagerPath, `${properties}.Set`, 'ssv', own, 'x', 's', 'y')).error).toContain(
        'no property',
      );
    });

    it('never takes settings of trust', () => {
      const names = Object.keys(pluginManagerInterface.methods).join(' ');
      expect(names).not.toMatch(/anchor|trust|revocation|certificate|store|publisher/i);
    });

    it('uninstalls last', async () => {
      expect((await bus.gdbusCall('uninstallPlugin', root)).out).toBe('(0,)');
      expect(await answer('uninstallPlugin', 's', root)).toBe('i -1');
      expect(await answer('getInstalledPlugins')).toBe('as 0');
    });
  },
);
