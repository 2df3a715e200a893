import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AskRevocation, notOffered, TrustError } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon, DaemonOptions } from '../daemon.js';
import { type Authority, DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { inspect } from '../faults/inspect-fixtures.js';
import { layoutOf } from './layout.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let installed: string;
let packages: Record<'old' | 'new' | 'newest' | 'foreign', string>;
let dataDir: string;
let refusal: TrustError | undefined;

const ask: AskRevocation = async (questions) => {
  if (refusal !== undefined) throw refusal;
  return questions.map(({ certificate }) => notOffered(certificate));
};
const start = (options: Partial<DaemonOptions> = {}): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], { dataDir, ask, ...options });

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  const foreigner = await (await authority.organization('Other Ltd'))();
  packages = {
    old: await writePackage(fixtures, signer, { version: '1.0.0' }),
    new: await writePackage(fixtures, signer, { version: '2.0.0' }),
    newest: await writePackage(fixtures, signer, { version: '3.0.0' }),
    foreign: await writePackage(fixtures, foreigner, { version: '4.0.0' }),
  };
  dataDir = fixtures.path('installed');
  installed = dataDir;
  await using daemon = await start();
  const { path } = await daemon.install({ path: packages.old });
  await writeFile(join(path, 'preferences.msgpack'), Buffer.from('81a16ba176', 'hex'));
  await daemon.install({ path: packages.new });
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  refusal = undefined;
  dataDir = fixtures.path('data');
  await cp(installed, dataDir, { recursive: true, verbatimSymlinks: true });
});

const version = async () => {
  const seen = await inspect(dataDir, 'Greeter');
  if (seen === 'absent') return seen;
  expect(seen.preferences).toBe('81a16ba176');
  return seen.version;
};
const keptTree = async () => {
  const home = layoutOf(dataDir).home('Greeter');
  return join(home, (await readdir(home)).find((name) => /^1\.0\.0-[0-9a-f]{16}$/.test(name)) ?? '');
};

describe('rollback', () => {
  it('goes back and there again; both versions and the values stay', async () => {
    await using daemon = await start();
    const seen: unknown[] = [];
    daemon.events.subscribe(({ id, at, ...event }) => seen.push(event));
    expect(await daemon.rollback('Greeter')).toEqual({
      id: 'Greeter',
      version: '1.0.0',
      from: '2.0.0',
      path: layoutOf(dataDir).link('Greeter'),
      publisher: expect.objectContaining({ name: 'Hello Ltd' }),
    });
    expect(await version()).toBe('1.0.0');
    expect(await daemon.list()).toMatchObject([{ version: '1.0.0', previousVersion: '2.0.0' }]);
    expect(seen).toMatchObject([
      { type: 'installed', plugin: 'Greeter', version: '1.0.0', from: '2.0.0', by: 'rollback' },
    ]);
    await daemon.rollback('Greeter');
    expect(await version()).toBe('2.0.0');
    await daemon.install({ path: packages.newest });
    expect(await daemon.list()).toMatchObject([{ version: '3.0.0', previousVersion: '2.0.0' }]);
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
  });

  it('lets an update follow that is higher than what it went back to', async () => {
    await using daemon = await start();
    await daemon.rollback('Greeter');
    await daemon.install({ path: packages.new });
    expect(await version()).toBe('2.0.0');
  });

  it('goes back to the publisher before, after another one was accepted', async () => {
    await using daemon = await start();
    const changed = await daemon.install({ path: packages.foreign }).catch((error: unknown) => error);
    expect(changed).toMatchObject({ code: 'PUBLISHER_CHANGED' });
    const { organization } = (changed as { publisher: { organization: string } }).publisher;
    await daemon.install({ path: packages.foreign, acceptPublisher: organization });
    expect(await version()).toBe('4.0.0');
    expect(await daemon.rollback('Greeter')).toMatchObject({ publisher: { name: 'Hello Ltd' } });
    expect(await version()).toBe('2.0.0');
  });

  it('is refused where no version is kept, or nothing is installed', async () => {
    dataDir = fixtures.path('empty');
    await using daemon = await start();
    await expect(daemon.rollback('Greeter')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await daemon.install({ path: packages.old });
    await expect(daemon.rollback('Greeter')).rejects.toMatchObject({
      code: 'NO_PREVIOUS_VERSION',
      message: 'No version before Greeter 1.0.0 is kept.',
    });
  });

  it('is refused to files that are no longer as they were signed', async () => {
    await using daemon = await start();
    await writeFile(join(await keptTree(), 'libGreeter.so'), 'other');
    await expect(daemon.rollback('Greeter')).rejects.toMatchObject({
      code: 'FILES_CHANGED',
      entry: 'libGreeter.so',
    });
    expect(await version()).toBe('2.0.0');
  });

  it.each(['CERTIFICATE_REVOKED', 'CERTIFICATE_STATUS_UNKNOWN', 'OCSP_UNREACHABLE'] as const)(
    'is refused when asking again ends with %s',
    async (code) => {
      await using daemon = await start();
      refusal = new TrustError(code, 'No.');
      await expect(daemon.rollback('Greeter')).rejects.toMatchObject({ name: 'TrustError', code });
      expect(await version()).toBe('2.0.0');
      expect(daemon.activity(undefined, 1).entries).toMatchObject([
        { action: 'refuse', plugin: 'Greeter', code, message: 'Rollback of "Greeter": No.' },
      ]);
    },
  );

  it('does not mind expiry', async () => {
    refusal = new TrustError('OCSP_UNREACHABLE', 'No.');
    await using daemon = await start({ clock: () => new Date('2100-06-01T00:00:00Z') });
    expect(await daemon.rollback('Greeter')).toMatchObject({ version: '1.0.0' });
  });

  it('leads out of a disabled version; a repair keeps the version before it', async () => {
    await using daemon = await start();
    const root = layoutOf(dataDir).link('Greeter');
    await writeFile(join(root, 'extra'), '');
    expect(await daemon.check('Greeter')).toMatchObject({
      disabled: { offers: ['reinstall', 'rollback', 'uninstall'] },
    });
    await daemon.install({ path: packages.new });
    expect(await daemon.list()).toMatchObject([
      { state: 'installed', version: '2.0.0', previousVersion: '1.0.0' },
    ]);
    await writeFile(join(root, 'extra'), '');
    await daemon.check('Greeter');
    await daemon.rollback('Greeter');
    expect(await daemon.list()).toMatchObject([{ state: 'installed', version: '1.0.0' }]);
    expect(await version()).toBe('1.0.0');
  });

  it('needs the record of the kept version', async () => {
    await using daemon = await start();
    const record = `${await keptTree()}.record.json`;
    const text = await readFile(record, 'utf8');
    await writeFile(record, text.replace('"Greeter"', '"Another"'));
    await expect(daemon.rollback('Greeter')).rejects.toMatchObject({ code: 'RECORD_DAMAGED', path: record });
  });
});
