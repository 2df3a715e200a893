import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'jpl-folder-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing, with the mode asked for, however many ask at once', async () => {
    for (let round = 0; round < 50; round += 1) {
      const path = join(home, `${round}/b/c/d`);
      const all = Array.from({ length: 8 }, (_, index) =>
        makeFolder(index % 2 === 0 ? path : dirname(path), 0o700),
      );
      await Promise.all(all);
      expect((await stat(path)).mode & 0o777).toBe(0o700);
    }
    await makeFolder(home);
    await makeFolder('/');
  });

  it('takes a link to a folder for one', async () => {
    await mkdir(join(home, 'real'));
    await symlink('real', join(home, 'link'));
    await makeFolder(join(home, 'link/inner'));
    expect((await stat(join(home, 'real/inner'))).isDirectory()).toBe(true);
  });

  it.each([
    ['a file', async () => await writeFile(join(home, 'taken'), ''), 'EEXIST'],
    ['a link that leads nowhere', async () => await symlink('nowhere', join(home, 'taken')), 'EEXIST'],
  ])('fails where %s stands in its place', async (_what, prepare, code) => {
    await prepare();
    await expect(makeFolder(join(home, 'taken'))).rejects.toMatchObject({ code });
  });

  it('fails below a file', async () => {
    await writeFile(join(home, 'file'), '');
    await expect(makeFolder(join(home, 'file/inner/deeper'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(process.platform !== 'linux')('ends where the file system makes no folders', async () => {
    await expect(makeFolder('/proc/self/jpl/inner')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
