import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DaemonEvent } from '@jami-plugin-store/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fixtureInstant,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { errorOutcome } from '../error-outcome.js';
import { layoutOf } from '../installed/layout.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (): Promise<Daemon> => startDaemon(fixtures, [authority.anchor]);

/** Every name below `plugins/`, sorted; a link as `name -> target`. */
async function everything(daemon: Daemon): Promise<string[]> {
  const { plugins } = layoutOf(daemon.info.dataDir);
  const rows = await readdir(plugins, { recursive: true, withFileTypes: true });
  return rows.map((row) => join(row.parentPath, row.name).slice(plugins.length + 1)).sort();
}

const nothing = ['.staging', '.versions'];

describe('installing a package', () => {
  it('writes what the platform needs and nothing else', async () => {
    await using daemon = await start();
    const outcome = await daemon.install({ path: await writePackage(fixtures, signer) });
    expect(outcome).toMatchObject({ id: 'Greeter', version: '1.0.0', from: null });
    expect(outcome.publisher).toMatchObject({ name: 'Hello Ltd' });
    const tree = `.versions/Greeter/1.0.0-${outcome.sha256.slice(0, 16)}`;
    expect(await everything(daemon)).toEqual(
      [
        ...nothing,
        '.versions/Greeter',
        '.versions/Greeter/preferences.msgpack',
        tree,
        `${tree}.record.json`,
        ...[
          'Greeter.crt',
          'data',
          'data/icon.svg',
          'data/locale',
          'data/locale/Greeter_en.json',
          'data/locale/Greeter_fr.json',
          'data/version.txt',
          'libGreeter.so',
          'manifest.json',
          'preferences.msgpack',
          'signatures',
          'signatures.sig',
        ].map((name) => `${tree}/${name}`),
        'Greeter',
      ].sort(),
    );
    expect(await readlink(outcome.path)).toBe(tree);
    expect(await readFile(join(outcome.path, 'libGreeter.so'), 'utf8')).toBe('library 1.0.0');
    expect(await readlink(join(outcome.path, 'preferences.msgpack'))).toBe('../preferences.msgpack');
    expect(await readFile(join(outcome.path, 'preferences.msgpack'))).toEqual(Buffer.from([0x80]));
    expect((await lstat(join(outcome.path, 'manifest.json'))).mode & 0o777).toBe(0o644);
  });

  it('tells what is installed, in the language asked for', async () => {
    await using daemon = await start();
    const { path, sha256 } = await daemon.install({ path: await writePackage(fixtures, signer) });
    expect(await daemon.list()).toEqual([
      {
        id: 'Greeter',
        version: '1.0.0',
        path,
        publisher: 'Hello Ltd',
        state: 'installed',
        name: 'Greeter',
        description: 'Says hello',
        iconPath: join(path, 'data/icon.svg'),
        sha256,
        installedAt: '2026-06-01T00:00:00.000Z',
        files: 7,
        hasPreferences: false,
        load: { state: 'unloaded', remembered: false, components: [], factories: [], refusedServices: [] },
      },
    ]);
    expect(await daemon.list('fr')).toMatchObject([{ name: 'Salueur' }]);
    expect(await daemon.details('Greeter', 'fr')).toMatchObject({
      name: 'Salueur',
      description: 'Dit bonjour',
      language: 'fr',
      author: 'Hello Ltd',
      iconPath: join(path, 'data/icon.svg'),
      soPath: join(path, 'libGreeter.so'),
      judgedAt: fixtureInstant.toISOString(),
      revocation: [{ status: 'not-offered' }, { status: 'not-offered' }],
    });
    expect(await daemon.details('Greeter', 'de')).toMatchObject({ name: 'Greeter', language: 'en' });
    await expect(daemon.details('Nobody')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await expect(daemon.details('../../etc')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
  });

  it('keeps one version for rollback, and the preferences', async () => {
    await using daemon = await start();
    for (const version of ['1.9.0', '1.10.0', '2.0.0-beta', '2.0.0'])
      await daemon.install({ path: await writePackage(fixtures, signer, { version }) });
    const [row] = await daemon.list();
    expect(row).toMatchObject({ version: '2.0.0', previousVersion: '2.0.0-beta' });
    const home = layoutOf(daemon.info.dataDir).home('Greeter');
    expect((await readdir(home)).map((name) => name.replace(/-[0-9a-f]{16}/, '')).sort()).toEqual([
      '2.0.0',
      '2.0.0-beta',
      '2.0.0-beta.record.json',
      '2.0.0.record.json',
      'preferences.msgpack',
    ]);
  });

  it('keeps preferences that were written through the link', async () => {
    await using daemon = await start();
    const { path } = await daemon.install({ path: await writePackage(fixtures, signer) });
    const values = Buffer.from('81a16ba176', 'hex');
    await writeFile(join(path, 'preferences.msgpack'), values);
    await daemon.install({ path: await writePackage(fixtures, signer, { version: '1.1.0' }) });
    expect(await readFile(join(path, 'preferences.msgpack'))).toEqual(values);
    expect(await readFile(join(path, 'data/version.txt'), 'utf8')).toBe('1.1.0');
  });

  it('installs several plugins at once, and one plugin one time', async () => {
    await using daemon = await start();
    const ids = ['One', 'Two', 'Three', 'Four'];
    const paths = await Promise.all(ids.map((id) => writePackage(fixtures, signer, { id })));
    await Promise.all(paths.map((path) => daemon.install({ path })));
    expect((await daemon.list()).map(({ id }) => id)).toEqual([...ids].sort());

    const path = await writePackage(fixtures, signer, { id: 'Five' });
    const results = await Promise.allSettled([1, 2, 3].map(() => daemon.install({ path })));
    const codes = results.map((result) =>
      result.status === 'fulfilled' ? 0 : errorOutcome(result.reason).resultCode,
    );
    expect(codes.sort()).toEqual([0, 100, 100]);
    expect((await everything(daemon)).filter((name) => name.startsWith('.staging/'))).toEqual([]);
  });

  it('reports progress and the outcome as events', async () => {
    await using daemon = await start();
    const events: DaemonEvent[] = [];
    daemon.events.subscribe((event) => {
      if (event.type !== 'trace') events.push(event);
    });
    const path = await writePackage(fixtures, signer);
    await daemon.install({ path, job: 'j1' });
    await daemon.install({ path, job: 'j2' }).catch(() => undefined);
    await daemon.uninstall('Greeter');
    const last = events.filter(({ type }) => type !== 'verifying');
    expect(events[0]).toMatchObject({ type: 'verifying', job: 'j1', done: 0 });
    expect(last).toMatchObject([
      { type: 'installed', job: 'j1', plugin: 'Greeter', version: '1.0.0', from: null },
      { type: 'refused', job: 'j2', code: 'SAME_VERSION', resultCode: 100, plugin: 'Greeter' },
      { type: 'uninstalled', plugin: 'Greeter', version: '1.0.0' },
    ]);
  });

  it('that is refused stands in the log under the id that was asked for, where the package has proven none', async () => {
    await using daemon = await start();
    const path = join(fixtures.folder, 'broken.jpl');
    await writeFile(path, 'no archive');
    await expect(daemon.install({ path, expect: { id: 'Greeter' } })).rejects.toThrow();
    await expect(daemon.install({ path })).rejects.toThrow();
    const { entries } = daemon.activity(undefined, 9);
    expect(entries).toMatchObject([
      { action: 'refuse', plugin: 'Greeter' },
      { action: 'refuse', plugin: null },
    ]);
  });

  it('is cancelled before the verdict, and by the closing daemon, without a trace', async () => {
    const daemon = await start();
    const path = await writePackage(fixtures, signer);
    const cancel = new AbortController();
    const onProgress = (): void => cancel.abort();
    await expect(daemon.install({ path, signal: cancel.signal, onProgress })).rejects.toMatchObject({
      code: 'INSTALL_CANCELLED',
    });
    expect(await everything(daemon)).toEqual(nothing);
    let closing: Promise<void> | undefined;
    const close = (): void => {
      closing ??= daemon[Symbol.asyncDispose]();
    };
    await expect(daemon.install({ path, onProgress: close })).rejects.toMatchObject({
      code: 'DAEMON_CLOSED',
    });
    await closing;
    await expect(daemon.list()).rejects.toMatchObject({ code: 'DAEMON_CLOSED' });
    expect(await everything(daemon)).toEqual(nothing);
  });
});

describe('uninstalling', () => {
  it('removes the plugin, its versions and its values, and nothing of others', async () => {
    await using daemon = await start();
    const { dataDir } = daemon.info;
    await daemon.install({ path: await writePackage(fixtures, signer) });
    await daemon.install({ path: await writePackage(fixtures, signer, { id: 'Other' }) });
    for (const id of ['Greeter', 'Other']) {
      await mkdir(join(dataDir, 'a1b2c3', 'plugins', id), { recursive: true });
      await writeFile(join(dataDir, 'a1b2c3', 'plugins', id, 'preferences.msgpack'), Buffer.from([0x80]));
    }
    expect(await daemon.uninstall('Greeter')).toEqual({
      id: 'Greeter',
      version: '1.0.0',
      publisher: 'Hello Ltd',
    });
    expect((await daemon.list()).map(({ id }) => id)).toEqual(['Other']);
    expect(await readdir(join(dataDir, 'a1b2c3', 'plugins'))).toEqual(['Other']);
    expect((await everything(daemon)).filter((name) => name.includes('Greeter'))).toEqual([]);
    await expect(daemon.uninstall('Greeter')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await expect(daemon.uninstall('../..')).rejects.toMatchObject({ code: 'PLUGIN_ID_INVALID' });
  });
});
