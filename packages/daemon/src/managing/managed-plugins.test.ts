import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DaemonEvent } from '@jami-plugin-store/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon, DaemonOptions } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { layoutOf } from '../installed/layout.js';
import { noCompiler } from '../loading/native-fixtures.js';
import { type LibraryWish, libraryPackages, listen } from './managing-fixtures.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
let packageOf: (wish: LibraryWish) => Promise<string>;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
  packageOf = libraryPackages(fixtures, signer);
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (dataDir: string, options: Partial<DaemonOptions> = {}): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], { dataDir, ...options });

const loadState = (id: string, state: string) => (event: DaemonEvent) =>
  event.type === 'load' && event.plugin === id && event.load.state === state;

async function stateOf(daemon: Daemon, id: string) {
  return (await daemon.list()).find((row) => row.id === id)?.load;
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.skipIf(noCompiler !== undefined)(
  `plugins with libraries${noCompiler ? ` (${noCompiler})` : ''}`,
  () => {
    it('are loaded and unloaded, and remembered across restarts', async () => {
      const dataDir = fixtures.path('data');
      const id = 'registers_a';
      {
        await using daemon = await start(dataDir);
        const heard = listen(daemon);
        await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
        expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: false });
        const report = await daemon.load(id);
        expect(report).toMatchObject({ id, load: { state: 'loaded', remembered: true } });
        expect(report.load.components.map(({ manager }) => manager)).toEqual([
          'CallMediaHandlerManager',
          'ChatHandlerManager',
        ]);
        // Loading what is loaded changes nothing.
        expect((await daemon.load(id)).load.pid).toBe(report.load.pid);
        expect((await daemon.details(id)).load?.state).toBe('loaded');
        expect(heard.states(id)).toEqual(['loading', 'loaded', 'loaded']);
      }
      {
        // One that lives for a command loads nothing.
        await using daemon = await start(dataDir);
        expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: true });
      }
      {
        await using daemon = await start(dataDir, { keepsLoaded: true });
        const heard = listen(daemon);
        const found = await heard.until(loadState(id, 'loaded'));
        const pid = found.type === 'load' ? found.load.pid : undefined;
        expect(await daemon.unload(id)).toMatchObject({ load: { state: 'unloaded', remembered: false } });
        expect(isAlive(pid)).toBe(false);
        await expect(daemon.unload(id)).rejects.toMatchObject({ code: 'PLUGIN_NOT_LOADED' });
      }
      await using daemon = await start(dataDir, { keepsLoaded: true });
      expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: false });
    });

    it.each([
      ['crashes', 'crashed', 'LIBRARY_CRASHED', { signal: 'SIGSEGV' }],
      ['exits', 'load-failed', 'LIBRARY_EXITED', { exitCode: 0 }],
      ['hangs', 'load-failed', 'LIBRARY_TIMED_OUT', { signal: 'SIGKILL' }],
      ['corrupts', 'load-failed', 'LIBRARY_MISBEHAVED', {}],
      ['refuses', 'load-failed', 'LIBRARY_REFUSED', {}],
    ])('whose library %s take nothing else down, and say so', async (mode, state, code, how) => {
      await using daemon = await start(fixtures.path('data'), { limits: { loadMs: 300 } });
      const heard = listen(daemon);
      const id = `${mode}_b`;
      await daemon.install({ path: await packageOf({ mode: 'prints', id: 'prints_neighbour' }) });
      await daemon.install({ path: await packageOf({ mode, id }) });
      // Its own start may take longer than the library's time here.
      const neighbour = await daemon.load('prints_neighbour').catch(() => undefined);
      await expect(daemon.load(id)).rejects.toMatchObject({ code });
      expect(await stateOf(daemon, id)).toMatchObject({
        state,
        code,
        remembered: false,
        components: [],
        ...how,
      });
      expect(heard.states(id)).toEqual(['loading', state]);
      if (neighbour !== undefined) expect((await stateOf(daemon, 'prints_neighbour'))?.state).toBe('loaded');
      expect(await daemon.check(id)).toMatchObject({ state: 'installed' });
    });

    it('that crash later are found crashed, stay remembered and can be loaded again', async () => {
      await using daemon = await start(fixtures.path('data'));
      const heard = listen(daemon);
      const id = 'crashes-later_c';
      await daemon.install({ path: await packageOf({ mode: 'crashes-later', id }) });
      await daemon.load(id);
      const sign = join((await daemon.details(id)).path, 'crash-now');
      await writeFile(sign, '');
      await heard.until(loadState(id, 'crashed'));
      expect(await stateOf(daemon, id)).toMatchObject({
        state: 'crashed',
        code: 'LIBRARY_CRASHED',
        signal: 'SIGSEGV',
        remembered: true,
      });
      await rm(sign);
      expect(await daemon.load(id)).toMatchObject({ load: { state: 'loaded' } });
    });

    it('are loaded again after an update, and unloaded by what takes them away', async () => {
      await using daemon = await start(fixtures.path('data'));
      const heard = listen(daemon);
      const id = 'registers_d';
      await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
      const { pid } = (await daemon.load(id)).load;
      heard.forget();
      await daemon.install({ path: await packageOf({ mode: 'registers', id, version: '2.0.0' }) });
      const again = await heard.until(loadState(id, 'loaded'));
      expect(heard.states(id)).toEqual(['unloading', 'unloaded', 'loading', 'loaded']);
      expect(isAlive(pid)).toBe(false);
      heard.forget();
      await daemon.rollback(id);
      await heard.until(loadState(id, 'loaded'));
      expect(again).not.toMatchObject({ load: { pid } });
      const last = (await stateOf(daemon, id))?.pid;
      await daemon.uninstall(id);
      expect(isAlive(last)).toBe(false);
      await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
      expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: false });
    });

    it('whose update does not load keep the update, and say so', async () => {
      await using daemon = await start(fixtures.path('data'));
      const heard = listen(daemon);
      const id = 'registers_e';
      await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
      await daemon.load(id);
      // Without a library of its own name, its only one is taken.
      const broken = { [`lib/x86_64-linux-gnu/lib${id}.so`]: 'no library at all' };
      await daemon.install({
        path: await writePackage(fixtures, signer, { id, version: '2.0.0', files: broken }),
      });
      await heard.until(loadState(id, 'load-failed'));
      expect((await daemon.list())[0]).toMatchObject({
        version: '2.0.0',
        state: 'installed',
        load: { state: 'load-failed', code: 'LIBRARY_NOT_OPENED', remembered: true },
      });
    });

    it('are all disabled and enabled, and all unloaded for good', async () => {
      const dataDir = fixtures.path('data');
      const ids = ['registers_f', 'registers_g'];
      await using daemon = await start(dataDir);
      const heard = listen(daemon);
      for (const id of ids) {
        await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
        await daemon.load(id);
      }
      expect(await daemon.setPluginsEnabled(false)).toMatchObject({ pluginsEnabled: false });
      for (const id of ids)
        expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: true });
      await expect(daemon.load('registers_f')).rejects.toMatchObject({ code: 'PLUGINS_DISABLED' });
      expect(await daemon.setPluginsEnabled(true)).toMatchObject({ pluginsEnabled: true });
      for (const id of ids) expect(await stateOf(daemon, id)).toMatchObject({ state: 'loaded' });
      expect(heard.events.filter(({ type }) => type === 'settings')).toHaveLength(2);
      expect(await daemon.unloadAll()).toEqual({ unloaded: ids });
      for (const id of ids)
        expect(await stateOf(daemon, id)).toMatchObject({ state: 'unloaded', remembered: false });
    });

    it('whose files changed since are not loaded, and ended where they run', async () => {
      await using daemon = await start(fixtures.path('data'));
      const heard = listen(daemon);
      const id = 'registers_h';
      await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
      await daemon.load(id);
      const { path } = await daemon.details(id);
      await writeFile(join(path, 'data', 'version.txt'), 'changed');
      await daemon.check(id);
      await heard.until(loadState(id, 'unloaded'));
      await expect(daemon.load(id)).rejects.toMatchObject({
        code: 'FILES_CHANGED',
        entry: 'data/version.txt',
      });
      expect(await stateOf(daemon, id)).toMatchObject({ state: 'load-failed', code: 'FILES_CHANGED' });
    });

    it('are loaded again when their preferences change, once for several changes', async () => {
      await using daemon = await start(fixtures.path('data'));
      const heard = listen(daemon);
      const id = 'registers_p';
      const preferences = JSON.stringify([{ type: 'EditText', key: 'word' }]);
      const files = { 'data/preferences.json': preferences };
      await daemon.install({ path: await packageOf({ mode: 'registers', id, files }) });
      const { pid } = (await daemon.load(id)).load;
      heard.forget();
      await Promise.all(['a', 'b', 'c'].map((value) => daemon.setPreference(id, undefined, 'word', value)));
      await heard.until(loadState(id, 'loaded'));
      expect(heard.states(id)).toEqual(['unloading', 'unloaded', 'loading', 'loaded']);
      expect((await stateOf(daemon, id))?.pid).not.toBe(pid);
    });

    it('run in bounded number', async () => {
      await using daemon = await start(fixtures.path('data'), { limits: { maxLoaded: 1 } });
      for (const id of ['registers_i', 'registers_j'])
        await daemon.install({ path: await packageOf({ mode: 'registers', id }) });
      await daemon.load('registers_i');
      await expect(daemon.load('registers_j')).rejects.toMatchObject({ code: 'TOO_MANY_PLUGINS_LOADED' });
    });

    it('do not hold up the end of the daemon', async () => {
      const daemon = await start(fixtures.path('data'), { limits: { loadMs: 3_600_000 } });
      const heard = listen(daemon);
      const id = 'hangs_k';
      await daemon.install({ path: await packageOf({ mode: 'hangs', id }) });
      const loading = daemon.load(id).catch((error: unknown) => error);
      await heard.until(loadState(id, 'loading'));
      await daemon[Symbol.asyncDispose]();
      expect(await loading).toMatchObject({ code: 'DAEMON_CLOSED' });
    });
  },
);

describe('plugins without anything to load', () => {
  it('say so', async () => {
    await using daemon = await start(fixtures.path('data'));
    const files = {
      'lib/x86_64-linux-gnu/libGreeter.so': undefined,
      'lib/arm64-v8a/libGreeter.so': undefined,
    };
    await daemon.install({ path: await writePackage(fixtures, signer, { files }) });
    await expect(daemon.load('Greeter')).rejects.toMatchObject({ code: 'LIBRARY_MISSING' });
    expect(await stateOf(daemon, 'Greeter')).toMatchObject({ state: 'load-failed', code: 'LIBRARY_MISSING' });
    for (const id of ['Nobody', '../Greeter', '.versions', '__proto__'])
      await expect(daemon.load(id)).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    for (const id of ['Nobody', '../.staging', '..'])
      await expect(daemon.unload(id)).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
  });

  it('are not loaded where another program left them', async () => {
    const dataDir = fixtures.path('data');
    await using daemon = await start(dataDir);
    await daemon.install({ path: await writePackage(fixtures, signer) });
    const layout = layoutOf(dataDir);
    await rm(layout.link('Greeter'));
    const [tree = ''] = await readdir(layout.home('Greeter'));
    await cp(join(layout.home('Greeter'), tree), layout.link('Greeter'), { recursive: true });
    await expect(daemon.load('Greeter')).rejects.toMatchObject({ code: 'UNMANAGED_FOLDER' });
    await expect(daemon.preferences('Greeter')).rejects.toMatchObject({ code: 'UNMANAGED_FOLDER' });
  });

  it('have no handlers to toggle and no web views', async () => {
    await using daemon = await start(fixtures.path('data'));
    await expect(daemon.toggleHandler('Greeter')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    await expect(daemon.webView('Greeter')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});

describe('what is remembered', () => {
  it('survives damage: it is kept aside, and nothing is remembered', async () => {
    const dataDir = fixtures.path('data');
    const { own, managing } = layoutOf(dataDir);
    for (const damage of ['{"format":1', '{"format":1,"pluginsEnabled":false,"loaded":["../x"]}', '[]']) {
      await (await start(dataDir))[Symbol.asyncDispose]();
      await writeFile(managing, damage);
      const warnings: string[] = [];
      const logger = { warn: (_about: object, message: string) => void warnings.push(message) };
      await using daemon = await start(dataDir, { logger });
      expect(await daemon.settings()).toMatchObject({ pluginsEnabled: true });
      expect(warnings).toHaveLength(1);
    }
    const kept = (await readdir(own)).filter((name) => name.startsWith('managing.json.damaged-'));
    expect(kept).toHaveLength(3);
  });

  it('holds the language, which texts follow without a restart', async () => {
    const dataDir = fixtures.path('data');
    {
      await using daemon = await start(dataDir, { language: 'en' });
      await daemon.install({ path: await writePackage(fixtures, signer) });
      expect((await daemon.details('Greeter')).name).toBe('Greeter');
      expect(await daemon.changeSettings({ language: 'fr-CA, fr;q=0.8' })).toMatchObject({
        language: 'fr-CA, fr;q=0.8',
      });
      expect((await daemon.details('Greeter')).name).toBe('Salueur');
      expect((await daemon.list())[0]?.name).toBe('Salueur');
      expect((await daemon.details('Greeter', 'en')).name).toBe('Greeter');
      expect(daemon.info.language).toBe('fr-CA, fr;q=0.8');
    }
    await using daemon = await start(dataDir, { language: 'en' });
    expect((await daemon.details('Greeter')).language).toBe('fr');
    expect(await daemon.changeSettings({ language: null })).toMatchObject({ language: 'en' });
    expect(JSON.parse(await readFile(layoutOf(dataDir).managing, 'utf8'))).not.toHaveProperty('language');
  });
});
