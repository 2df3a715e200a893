import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDaemon, serveDaemon, socketPathOf } from '@jami-plugin-store/daemon';
import { parseTrustAnchors } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createPublishing,
  fixtureInstant,
  jpl,
  namesIn,
  type Place,
  type Publishing,
  temporaryFolder,
  terminalControls,
} from '../cli-fixtures.js';

let shared: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let file: string;
let newer: string;
/** A folder of each test's own. */
let place: Place;
let tests = 0;

beforeAll(async () => {
  shared = await temporaryFolder();
  publishing = await createPublishing(shared.path);
  file = await publishing.sign({ id: 'Demo', version: '1.9.0' });
  newer = await publishing.sign({ id: 'Demo', version: '1.10.0' });
});
afterAll(() => shared[Symbol.asyncDispose]());
beforeEach(async () => {
  tests += 1;
  place = { cwd: join(shared.path, `test-${tests}`) };
  await mkdir(place.cwd);
});

const trusting = () => ['--trust-anchor', publishing.root, '--revocation', 'off'];
const install = (target: string, ...args: string[]) =>
  jpl(place, 'install', target, '--data-dir', 'data', ...trusting(), ...args);
const list = async () => (await jpl(place, 'list', '--data-dir', 'data', '--json')).json<unknown[]>();

describe('jpl install FILE', () => {
  it('installs, lists, updates, and uninstalls', async () => {
    const first = await install(file, '--json');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.json()).toEqual({
      installed: true,
      id: 'Demo',
      version: '1.9.0',
      code: null,
      message: 'Demo 1.9.0 is installed',
      resultCode: 0,
    });
    const path = join(place.cwd, 'data', 'plugins', 'Demo');
    const row = { id: 'Demo', path, publisher: 'Fixture Organization', state: 'installed' };
    expect(await list()).toEqual([{ ...row, version: '1.9.0' }]);
    expect(await readFile(join(path, 'data', 'words.txt'), 'utf8')).toBe('The words of Demo 1.9.0\n');

    expect(await install(newer)).toMatchObject({ code: 0, out: 'Demo 1.10.0 is installed\n', err: '' });
    expect(await list()).toEqual([{ ...row, version: '1.10.0' }]);

    const removed = await jpl(place, 'uninstall', 'Demo', '--data-dir', 'data', '--json');
    expect([removed.code, removed.json()]).toEqual([
      0,
      { uninstalled: true, id: 'Demo', version: '1.10.0', resultCode: 0 },
    ]);
    expect(await list()).toEqual([]);
    expect(await readFile(file)).toBeInstanceOf(Buffer);
  });

  it('answers 100 for the same version and 200 for an older one, unless forced', async () => {
    expect(await install(newer)).toMatchObject({ code: 0 });
    const same = await install(newer, '--json');
    expect([same.code, same.json()]).toEqual([
      1,
      expect.objectContaining({
        installed: false,
        id: 'Demo',
        version: '1.10.0',
        code: 'SAME_VERSION',
        resultCode: 100,
      }),
    ]);
    const older = await install(file, '--json');
    expect([older.code, older.json()]).toEqual([
      1,
      expect.objectContaining({ id: 'Demo', version: '1.9.0', code: 'NEWER_INSTALLED', resultCode: 200 }),
    ]);
    expect(await install(file, '--force')).toMatchObject({ code: 0 });
    expect(await list()).toMatchObject([{ version: '1.9.0' }]);
  });

  it('leaves a file that it refuses, and installs nothing', async () => {
    const bytes = await readFile(file);
    const at = bytes.indexOf('words.txt');
    await writeFile(join(place.cwd, 'bad.jpl'), bytes.fill(0x41, at, at + 5));
    const ran = await install('bad.jpl', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({
      installed: false,
      id: null,
      code: expect.any(String),
      resultCode: 500,
    });
    expect(await namesIn(place.cwd)).toEqual(['bad.jpl']);
  });

  it('says by whom it is not trusted, and keeps nothing of the plugin', async () => {
    const ran = await jpl(place, 'install', file, '--data-dir', 'data', '--json');
    expect([ran.code, ran.json()]).toEqual([
      1,
      expect.objectContaining({ code: 'NO_TRUST_ANCHOR', resultCode: 400 }),
    ]);
    const left = await namesIn(join(place.cwd, 'data'));
    // The refusal itself is written down.
    const own = ['jpl', 'jpl/activity.jsonl', 'jpl/lock', 'plugins', 'plugins/.staging', 'plugins/.versions'];
    expect(left).toEqual(own);
  });

  it('judges at the instant it is told', async () => {
    const ran = await install(file, '--at', '2030-01-01T00:00:00Z', '--json');
    expect([ran.code, ran.json().code, ran.json().resultCode]).toEqual([1, 'CERTIFICATE_EXPIRED', 400]);
  });

  it.each([
    ['missing.jpl', 2, 'FILE_NOT_FOUND', -1],
    ['./folder', 2, 'NOT_A_FILE', -1],
    ['empty.jpl', 1, 'EMPTY_FILE', 500],
    ['text', 1, 'NOT_A_ZIP', 500],
    ['cut.jpl', 1, 'ARCHIVE_TRUNCATED', 500],
  ])('%s: exit %i, %s, and not even a data folder is made', async (name, exitCode, code, resultCode) => {
    await mkdir(join(place.cwd, 'folder'));
    await writeFile(join(place.cwd, 'empty.jpl'), '');
    await writeFile(join(place.cwd, 'text'), 'A text\n'.repeat(50));
    await writeFile(join(place.cwd, 'cut.jpl'), (await readFile(file)).subarray(0, -7));
    const before = await namesIn(place.cwd);
    const ran = await install(name, '--json');
    expect([ran.code, ran.err]).toEqual([exitCode, '']);
    expect(ran.json()).toMatchObject({ installed: false, id: null, version: null, code, resultCode });
    const forPeople = await install(name);
    expect([forPeople.code, forPeople.out]).toEqual([exitCode, '']);
    expect(forPeople.err.startsWith(`${name}: `)).toBe(true);
    expect(forPeople.err).toContain(`\n  code: ${code}\n`);
    expect(await namesIn(place.cwd)).toEqual(before);

    // The same answer where there is a data folder already.
    await mkdir(join(place.cwd, 'data'));
    const again = await install(name, '--json');
    expect([again.code, again.json().code, again.json().resultCode]).toEqual([exitCode, code, resultCode]);
  });

  it('asks for a store where the target is an id, and makes nothing without one', async () => {
    for (const args of [[], ['--store', 'elsewhere']]) {
      const ran = await install('Demo', '--json', ...args);
      expect([ran.code, ran.json().code]).toEqual([2, 'STORE_NOT_CONFIGURED']);
    }
    expect(await namesIn(place.cwd)).toEqual([]);
  });

  it('takes what is there for a file, also without .jpl', async () => {
    await cp(file, join(place.cwd, 'Demo'));
    expect(await install('Demo')).toMatchObject({ code: 0 });
  });

  it('lets two installs into one data folder come one after the other', async () => {
    const other = await publishing.sign({ id: 'Other', version: '1.0.0' });
    const both = await Promise.all([install(file), install(other)]);
    expect(both).toMatchObject([
      { code: 0, err: '' },
      { code: 0, err: '' },
    ]);
    expect(await list()).toMatchObject([{ id: 'Demo' }, { id: 'Other' }]);
  });
});

describe('jpl list and uninstall', () => {
  it('make nothing where nothing is', async () => {
    expect(await jpl(place, 'list', '--data-dir', 'data')).toMatchObject({
      code: 0,
      out: '',
      err: 'Nothing is installed.\n',
    });
    expect(await list()).toEqual([]);
    const ran = await jpl(place, 'uninstall', 'Demo', '--data-dir', 'data', '--json');
    expect([ran.code, ran.json()]).toEqual([
      1,
      { code: 'PLUGIN_NOT_INSTALLED', message: 'Demo is not installed' },
    ]);
    for (const command of ['rollback', 'adopt']) {
      const asked = await jpl(place, command, 'Demo', '--data-dir', 'data', '--json');
      expect([asked.code, asked.json().code]).toEqual([1, 'PLUGIN_NOT_INSTALLED']);
    }
    const log = await jpl(place, 'log', '--data-dir', 'data', '--json');
    expect([log.code, log.json()]).toEqual([0, { entries: [], hasMore: false }]);
    expect(await namesIn(place.cwd)).toEqual([]);
  });

  it.each(['Nobody', '../Demo', '.', '', 'a/b'])('uninstall %j: not installed', async (id) => {
    expect(await install(file)).toMatchObject({ code: 0 });
    const before = await namesIn(place.cwd);
    const ran = await jpl(place, 'uninstall', id, '--data-dir', 'data', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json().code).toMatch(/^PLUGIN_|^REQUEST_INVALID$/);
    expect(await namesIn(place.cwd)).toEqual(before);
  });

  it('show what another program put there without obeying its texts', async () => {
    const root = join(place.cwd, 'data', 'plugins', 'Legacy');
    await mkdir(root, { recursive: true });
    const hostile = '1.0\u001b[2K\u009b1A\u202e\nDemo  9.9  by Jami';
    const manifest = { id: 'Legacy', name: hostile, version: hostile, description: hostile };
    await writeFile(join(root, 'manifest.json'), JSON.stringify(manifest));
    const ran = await jpl(place, 'list', '--data-dir', 'data');
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/^Legacy {2}.*\n$/);
    expect(ran.out + ran.err).not.toMatch(terminalControls);
    expect(await list()).toEqual([expect.objectContaining({ id: 'Legacy', state: 'unmanaged' })]);
  });

  it('say why a data folder cannot be used', async () => {
    await writeFile(join(place.cwd, 'data'), 'a file');
    for (const line of ['list', 'uninstall Demo', 'install Demo', `install ${file}`]) {
      const ran = await jpl(place, ...line.split(' '), '--data-dir', 'data', '--json');
      expect([line, ran.code, ran.json().code]).toEqual([line, 1, 'STORES_FILE_NOT_READABLE']);
    }
    const ran = await install(file, '--json');
    expect([ran.code, ran.json()]).toEqual([
      1,
      expect.objectContaining({ code: 'IO_ERROR', resultCode: -1 }),
    ]);
  });
});

describe('where a daemon owns the data folder', () => {
  it('installs through it, and leaves whom to trust to it', async () => {
    const run = join(place.cwd, 'run');
    await mkdir(run, { mode: 0o700 });
    await chmod(run, 0o700);
    const before = process.env.XDG_RUNTIME_DIR;
    process.env.XDG_RUNTIME_DIR = run;
    try {
      const dataDir = join(place.cwd, 'data');
      await mkdir(dataDir);
      const daemon = await createDaemon({
        dataDir,
        anchors: parseTrustAnchors(await readFile(publishing.root)),
        revocation: 'off',
        clock: () => fixtureInstant,
      });
      const server = await serveDaemon(daemon, { socketPath: socketPathOf(dataDir) });
      try {
        for (const option of [
          ['--trust-anchor', publishing.root],
          ['--revocation', 'off'],
          ['--at', '2026-06-01T00:00:00Z'],
        ]) {
          const ran = await jpl(place, 'install', file, '--data-dir', 'data', '--json', ...option);
          expect([ran.code, ran.json().code]).toEqual([2, 'DAEMON_OWNS_POLICY']);
        }
        expect(await list()).toEqual([]);
        const ran = await jpl(place, 'install', file, '--data-dir', 'data', '--json');
        expect([ran.code, ran.json()]).toEqual([
          0,
          expect.objectContaining({ installed: true, resultCode: 0 }),
        ]);
        const same = await jpl(place, 'install', file, '--data-dir', 'data', '--json');
        expect([same.code, same.json()]).toEqual([
          1,
          expect.objectContaining({ id: 'Demo', version: '1.9.0', code: 'SAME_VERSION', resultCode: 100 }),
        ]);
        const missing = await jpl(place, 'install', 'no.jpl', '--data-dir', 'data', '--json');
        expect([missing.code, missing.json().code]).toEqual([2, 'FILE_NOT_FOUND']);
        expect(await jpl(place, 'uninstall', 'Demo', '--data-dir', 'data')).toMatchObject({ code: 0 });
      } finally {
        await server[Symbol.asyncDispose]();
        await daemon[Symbol.asyncDispose]();
      }
    } finally {
      if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = before;
    }
  });
});
