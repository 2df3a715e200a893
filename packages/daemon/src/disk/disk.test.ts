import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeDisk } from './disk.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-disk-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('flushing names', () => {
  it.each(['linux', 'darwin'] as const)('opens the folder on %s', async (platform) => {
    const disk = nodeDisk(platform);
    await disk.syncDirectory(folder);
    await expect(disk.syncDirectory(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does not even open it on Windows, where a folder cannot be', async () => {
    await nodeDisk('win32').syncDirectory(join(folder, 'nowhere'));
  });
});

describe('flushing a file', () => {
  it.each(['linux', 'win32'] as const)('leaves it as it is on %s', async (platform) => {
    const path = join(folder, `flushed-${platform}`);
    await writeFile(path, 'kept');
    await nodeDisk(platform).syncFile(path);
    expect(await readFile(path, 'utf8')).toBe('kept');
  });
});

describe('reading a file', () => {
  it('ends at the size asked for, and says so', async () => {
    const path = join(folder, 'long');
    await writeFile(path, '12345');
    const disk = nodeDisk();
    expect(await disk.readFile(path, 5)).toEqual(Buffer.from('12345'));
    await expect(disk.readFile(path, 4)).rejects.toMatchObject({ code: 'EFBIG' });
  });
});

describe('a new file', () => {
  it('never takes the place of what stands there, a link that leads nowhere included', async () => {
    const disk = nodeDisk();
    const [file, link, outside] = ['there', 'link', 'outside'].map((name) => join(folder, name));
    await writeFile(file ?? '', 'mine');
    await disk.symlink(outside ?? '', link ?? '', 'file');
    for (const path of [file ?? '', link ?? '']) {
      await expect(disk.writeFile(path, Buffer.from('other'))).rejects.toMatchObject({ code: 'EEXIST' });
      await expect(disk.createFile(path)).rejects.toMatchObject({ code: 'EEXIST' });
    }
    expect(await readFile(file ?? '', 'utf8')).toBe('mine');
    expect(await disk.kindOf(outside ?? '')).toBe('absent');
  });
});

describe('removing a folder', () => {
  it('leaves what links in it lead to', async () => {
    const disk = nodeDisk();
    const [outside, tree] = [join(folder, 'kept'), join(folder, 'tree')];
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'kept');
    await mkdir(tree);
    await disk.symlink(outside, join(tree, 'link'), 'dir');
    await disk.removeTree(tree);
    expect(await disk.list(outside)).toEqual(['file']);
    await disk.removeTree(tree);
  });
});
