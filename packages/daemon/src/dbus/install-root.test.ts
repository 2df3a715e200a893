import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idOfRoot } from './install-root.js';

let folder: string;
let plugins: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jpl-root-')));
  plugins = join(folder, 'data', 'plugins');
  await mkdir(join(plugins, 'Greeter', 'data', 'plugins'), { recursive: true });
  await symlink(join(folder, 'data'), join(folder, 'link'));
  await symlink(plugins, join(folder, 'elsewhere'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('idOfRoot', () => {
  it('takes an install root, whether the plugin is there or not', async () => {
    expect(await idOfRoot(plugins, join(plugins, 'Greeter'))).toBe('Greeter');
    expect(await idOfRoot(plugins, join(plugins, 'A b'))).toBe('A b');
  });

  it('knows the data folder by a link to it', async () => {
    expect(await idOfRoot(plugins, join(folder, 'link', 'plugins', 'Greeter'))).toBe('Greeter');
    expect(await idOfRoot(plugins, join(folder, 'elsewhere', 'Greeter'))).toBe('Greeter');
  });

  it.each<[string, (plugins: string) => string]>([
    ['nothing', () => ''],
    ['a bare id', () => 'Greeter'],
    ['a relative path', () => 'plugins/Greeter'],
    ['the folder of plugins', (at) => at],
    ['a way out', (at) => `${at}/../plugins/../../etc`],
    ['a way out and back', (at) => `${at}/../plugins/Greeter`],
    ['a dot', (at) => `${at}/./Greeter`],
    ['a trailing slash', (at) => `${at}/Greeter/`],
    ['a doubled slash', (at) => `${at}//Greeter`],
    ['two leading slashes', (at) => `/${at}/Greeter`],
    ['a file of the plugin', (at) => `${at}/Greeter/manifest.json`],
    ['a folder that looks like it inside the plugin', (at) => `${at}/Greeter/data/plugins/Greeter`],
    ['our own folders', (at) => `${at}/.versions`],
    ['another folder', () => '/etc/Greeter'],
    ['a NUL', (at) => `${at}/Greeter\0.so`],
    ['a very long path', (at) => `${at}/${'a/../'.repeat(2_000)}Greeter`],
    ['a name of the prototype', (at) => `${at}/__proto__`],
    ['1 MB', (at) => at + '/x'.repeat(500_000)],
  ])('refuses %s', async (_what, path) => {
    expect(await idOfRoot(plugins, path(plugins))).toBeUndefined();
  });
});
