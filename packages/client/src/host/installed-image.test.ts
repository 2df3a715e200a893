import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rejection, temporaryFolder } from '../network/test-server-fixtures.js';
import { readInstalledImage } from './installed-image.js';

/** As the daemon lays a plugin out: the link of its id leads to the tree of its version. */
async function install(dataDir: string) {
  const tree = join(dataDir, 'plugins', '.versions', 'Greeter', '1.0.0-ab');
  await mkdir(join(tree, 'data'), { recursive: true });
  await writeFile(join(tree, 'data', 'icon.png'), 'icon');
  const plugin = join(dataDir, 'plugins', 'Greeter');
  await symlink(tree, plugin);
  const read = (path: string, maxBytes = 100) => readInstalledImage({ dataDir, plugin, path }, maxBytes);
  return { tree, plugin, read };
}

test('reads a picture through the link of its plugin', async () => {
  await using folder = await temporaryFolder();
  const { plugin, read } = await install(folder.path);
  expect(String(await read(join(plugin, 'data', 'icon.png')))).toBe('icon');
});

test.each([
  ['beside the plugin', (plugin: string) => join(plugin, '..', 'secret.png')],
  ['far away', () => '/etc/passwd'],
  ['the plugin itself', (plugin: string) => plugin],
  ['through a linked folder', (plugin: string) => join(plugin, 'linked', 'secret.png')],
  ['through a linked file', (plugin: string) => join(plugin, 'linked.png')],
  ['a folder', (plugin: string) => join(plugin, 'data')],
  ['too large', (plugin: string) => join(plugin, 'large.png')],
])('refuses a path that is %s', async (_, pathOf) => {
  await using folder = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  const { tree, plugin, read } = await install(folder.path);
  await writeFile(join(folder.path, 'plugins', 'secret.png'), 'secret');
  await writeFile(join(elsewhere.path, 'secret.png'), 'secret');
  await symlink(elsewhere.path, join(tree, 'linked'));
  await symlink(join(elsewhere.path, 'secret.png'), join(tree, 'linked.png'));
  await writeFile(join(tree, 'large.png'), 'x'.repeat(101));
  expect(await rejection(read(pathOf(plugin)))).toMatchObject({ name: 'ClientError', code: 'IMAGE_REFUSED' });
});

test('refuses a plugin whose link leads out of the data folder, and says where there is no picture', async () => {
  await using folder = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  const { tree, plugin, read } = await install(folder.path);
  expect(await rejection(read(join(plugin, 'no.png')))).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  await rename(tree, join(elsewhere.path, 'tree'));
  await symlink(join(elsewhere.path, 'tree'), tree);
  expect(await rejection(read(join(plugin, 'data', 'icon.png')))).toMatchObject({ code: 'IMAGE_REFUSED' });
});
