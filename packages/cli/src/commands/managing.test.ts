import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPublishing, jpl, type Place, type Publishing, temporaryFolder } from '../cli-fixtures.js';

const run = promisify(execFile);
const hasCompiler = spawnSync('cc', ['--version']).status === 0;

let shared: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let place: Place;
let tests = 0;

beforeAll(async () => {
  shared = await temporaryFolder();
  publishing = await createPublishing(shared.path);
});
afterAll(() => shared[Symbol.asyncDispose]());
beforeEach(async () => {
  tests += 1;
  place = { cwd: join(shared.path, `test-${tests}`) };
  await mkdir(place.cwd);
});

const own = (command: string, ...args: string[]) => jpl(place, command, ...args, '--data-dir', 'data');
const trusting = () => ['--trust-anchor', publishing.root, '--revocation', 'off'];
const examples = new URL('../../../../examples/plugins/', import.meta.url);

/** Installs a plugin with the preferences and the library of an example. */
async function install(id: string, example: string): Promise<void> {
  const version = `1.0.${tests}`;
  const folder = join(publishing.place.cwd, `${id}-${version}`);
  await cp(new URL(`${example}/data`, examples), join(folder, 'data'), { recursive: true });
  if (hasCompiler) {
    const library = join(folder, 'lib', currentPlatform(), `lib${id}.so`);
    await mkdir(dirname(library), { recursive: true });
    const source = fileURLToPath(new URL(`${example}/src/plugin.c`, examples));
    await run('cc', ['-shared', '-fPIC', '-o', library, source]);
  }
  const file = await publishing.sign({ id, version });
  expect(await own('install', file, ...trusting())).toMatchObject({ code: 0 });
}

describe.skipIf(!hasCompiler)(
  `jpl load and unload${hasCompiler ? '' : ' (skipped: this machine has no cc)'}`,
  () => {
    it('tells what a library registers; without a daemon it is for the next one', async () => {
      await install('Silence', 'Silence');
      expect(await own('load', 'Silence', ...trusting())).toMatchObject({
        code: 0,
        out: 'Silence is loaded: 1 x CallMediaHandlerManager\n',
        err: expect.stringContaining('No daemon is running'),
      });
      const unloaded = await own('unload', 'Silence', '--json');
      expect(unloaded.json()).toMatchObject({
        id: 'Silence',
        load: { state: 'unloaded', remembered: false },
      });
      expect(await own('unload', 'Silence')).toMatchObject({
        code: 1,
        err: expect.stringContaining('PLUGIN_NOT_LOADED'),
      });
      await own('load', 'Silence', ...trusting());
      expect(await own('unload', '--all')).toMatchObject({ code: 0, out: 'Silence\n' });
      expect(await own('unload', '--all')).toMatchObject({ code: 0, out: 'Nothing was loaded.\n' });
    });

    it('lives through a library that crashes', async () => {
      await install('CrashOnLoad', 'CrashOnLoad');
      const refused = await own('load', 'CrashOnLoad', '--json', ...trusting());
      expect([refused.code, refused.json()]).toMatchObject([
        1,
        { code: 'LIBRARY_CRASHED', message: expect.stringContaining('SIGSEGV') },
      ]);
      expect((await own('list', '--json')).json()).toMatchObject([{ id: 'CrashOnLoad', state: 'installed' }]);
    });

    it('loads nothing while plugins are disabled', async () => {
      await install('Silence', 'Silence');
      expect(await own('disable')).toMatchObject({ code: 0, out: 'Plugins are disabled\n' });
      expect(await own('load', 'Silence', ...trusting())).toMatchObject({
        code: 1,
        err: expect.stringContaining('PLUGINS_DISABLED'),
      });
      expect((await own('enable', '--json')).json()).toMatchObject({ pluginsEnabled: true });
      expect(await own('load', 'Silence', ...trusting())).toMatchObject({ code: 0 });
    });
  },
);

it('wants one id or all of them', async () => {
  for (const args of [[], ['Silence', '--all']])
    expect(await own('unload', ...args)).toMatchObject({ code: 2, err: expect.stringContaining('USAGE') });
});

describe('jpl preferences', () => {
  it('tells, sets and forgets, in the language of the system', async () => {
    await install('Silence', 'Silence');
    place = { ...place, env: { LANG: 'fr_CA.UTF-8' } };
    expect(await own('preferences', 'Silence')).toMatchObject({
      code: 0,
      out: 'active = "true"  (Switch, Activé)\n',
    });
    expect(await own('preferences', 'Silence', 'active', 'false')).toMatchObject({
      code: 0,
      out: 'active = "false"  (Switch, Activé)\n',
    });
    expect(await own('preferences', 'Silence', 'active', 'perhaps')).toMatchObject({
      code: 1,
      err: expect.stringContaining('PREFERENCE_VALUE_INVALID'),
    });
    expect((await own('preferences', 'Silence', '--json', '--account', 'abc')).json()).toMatchObject({
      account: 'abc',
      language: 'fr',
      values: { active: 'false' },
    });
    expect(await own('preferences', 'Silence', '--reset')).toMatchObject({
      code: 0,
      out: expect.stringContaining('"true"'),
    });
    expect(await own('preferences', 'Silence', 'nothing')).toMatchObject({ code: 2 });
    expect(await own('preferences', 'Silence', 'active', '--reset')).toMatchObject({ code: 2 });
    expect(await own('preferences', 'Silence', '--account', '../x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ACCOUNT_ID_INVALID'),
    });
  });
});
