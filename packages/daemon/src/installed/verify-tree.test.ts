import { appendFile, cp, mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { nodeDisk } from '../disk/disk.js';
import { layoutOf } from './layout.js';
import { readRecord } from './record.js';
import { assertTree, type TreeFault, verifyTree } from './verify-tree.js';

const disk = nodeDisk();
let fixtures: DaemonFixtures;
let installed: string;
let dataDir: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  const authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  installed = fixtures.path('installed');
  await using daemon = await startDaemon(fixtures, [authority.anchor], { dataDir: installed });
  await daemon.install({ path: await writePackage(fixtures, signer, { files: { 'data/empty/': '' } }) });
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  dataDir = fixtures.path('data');
  await cp(installed, dataDir, { recursive: true, verbatimSymlinks: true });
});

async function tree(): Promise<string> {
  const home = layoutOf(dataDir).home('Greeter');
  return join(home, (await readdir(home)).find((name) => /^1\.0\.0-[0-9a-f]{16}$/.test(name)) ?? '');
}

async function faults(): Promise<TreeFault[]> {
  const layout = layoutOf(dataDir);
  const name = (await tree()).split('/').at(-1) ?? '';
  return verifyTree(disk, layout, await readRecord(disk, layout.record('Greeter', name), 'Greeter'), name);
}

type Change = (root: string) => Promise<unknown>;

describe('verifyTree', () => {
  it('finds nothing in a tree as it was installed', async () => {
    expect(await faults()).toEqual([]);
  });

  it.each<[string, Change, TreeFault[]]>([
    [
      'a file with another byte',
      (root) => writeFile(join(root, 'libGreeter.so'), 'library 1.0.1'),
      [{ path: 'libGreeter.so', fault: 'changed' }],
    ],
    [
      'a longer file',
      (root) => appendFile(join(root, 'data/icon.svg'), ' '),
      [{ path: 'data/icon.svg', fault: 'changed' }],
    ],
    [
      'a shorter file',
      (root) => truncate(join(root, 'manifest.json'), 3),
      [{ path: 'manifest.json', fault: 'changed' }],
    ],
    [
      'a missing file',
      (root) => rm(join(root, 'data/version.txt')),
      [{ path: 'data/version.txt', fault: 'missing' }],
    ],
    [
      'a missing folder',
      (root) => rm(join(root, 'data/empty'), { recursive: true }),
      [{ path: 'data/empty', fault: 'missing' }],
    ],
    [
      'a file more',
      (root) => writeFile(join(root, 'data/more'), ''),
      [{ path: 'data/more', fault: 'extra' }],
    ],
    ['a folder more', (root) => mkdir(join(root, 'bin')), [{ path: 'bin', fault: 'extra' }]],
    ['a library of another platform', (root) => mkdir(join(root, 'lib')), [{ path: 'lib', fault: 'extra' }]],
    [
      'another certificate',
      (root) => appendFile(join(root, 'Greeter.crt'), '\n'),
      [{ path: 'Greeter.crt', fault: 'changed' }],
    ],
    ['no certificate', (root) => rm(join(root, 'Greeter.crt')), [{ path: 'Greeter.crt', fault: 'missing' }]],
    [
      'another signature map',
      (root) => appendFile(join(root, 'signatures'), '\0'),
      [{ path: 'signatures', fault: 'changed' }],
    ],
    ['no signature map', (root) => rm(join(root, 'signatures')), [{ path: 'signatures', fault: 'missing' }]],
    [
      'no signature of the map',
      (root) => rm(join(root, 'signatures.sig')),
      [{ path: 'signatures.sig', fault: 'missing' }],
    ],
    [
      'a link in place of a file',
      async (root) => {
        await rm(join(root, 'manifest.json'));
        await symlink('/etc/hostname', join(root, 'manifest.json'));
      },
      [{ path: 'manifest.json', fault: 'changed' }],
    ],
    [
      'a link in place of a folder, with the same files behind it',
      async (root) => {
        await cp(join(root, 'data'), join(root, '..', 'elsewhere'), { recursive: true });
        await rm(join(root, 'data'), { recursive: true });
        await symlink('../elsewhere', join(root, 'data'));
      },
      [{ path: 'data', fault: 'extra' }],
    ],
  ])('finds %s', async (_name, change, expected) => {
    await change(await tree());
    expect(await faults()).toEqual(expected);
  });

  it('lets the values stand, whichever way they are kept', async () => {
    const values = join(await tree(), 'preferences.msgpack');
    await rm(values);
    expect(await faults()).toEqual([]);
    await writeFile(values, Buffer.from([0x80]));
    expect(await faults()).toEqual([]);
  });

  it('names the first of several as an error', async () => {
    const root = await tree();
    await rm(join(root, 'manifest.json'));
    await writeFile(join(root, 'extra'), '');
    const layout = layoutOf(dataDir);
    const name = root.split('/').at(-1) ?? '';
    const record = await readRecord(disk, layout.record('Greeter', name), 'Greeter');
    await expect(assertTree(disk, layout, record, name)).rejects.toMatchObject({
      code: 'FILES_CHANGED',
      entry: 'extra',
      message: 'Greeter 1.0.0 is not as it was signed: extra is extra (and 1 more).',
    });
  });
});
