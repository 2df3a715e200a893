import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeWorkFolder } from './work-folder.js';

/** Of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'jpl-work-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function leave(name: string): Promise<void> {
  await mkdir(join(parent, name));
  await writeFile(join(parent, name, 'half'), 'half');
}

test('a work folder is hidden, empty, and gone with all that is in it when it is disposed of', async () => {
  {
    await using folder = await makeWorkFolder(parent, 'backup');
    expect(basename(folder.path)).toMatch(/^\.backup-/);
    expect(await readdir(folder.path)).toEqual([]);
    await writeFile(join(folder.path, 'part'), 'x');
  }
  expect(await readdir(parent)).toEqual([]);
});

test('what a killed process of this machine has left is removed, what a running one makes is not', async () => {
  await leave(`.backup-${deadPid}-${hostname()}-aBc123`);
  await leave(`.backup-${process.ppid}-${hostname()}-aBc123`);
  await using folder = await makeWorkFolder(parent, 'backup');
  expect((await readdir(parent)).sort()).toEqual(
    [`.backup-${process.ppid}-${hostname()}-aBc123`, basename(folder.path)].sort(),
  );
});

test.each([
  ['another machine', `.backup-${deadPid}-${hostname()}2-aBc123`],
  ['a machine whose name goes on like a process', `.backup-${hostname()}-${deadPid}-x-aBc123`],
  ['a machine whose name goes on after ours', `.backup-${deadPid}-${hostname()}-${deadPid}-aBc123`],
  ['another purpose', `.restore-${deadPid}-${hostname()}-aBc123`],
  ['nobody knows', '.backup-notes'],
  ['its owner', `backup-${deadPid}-${hostname()}-aBc123`],
])('what is of %s stays', async (_, name) => {
  await leave(name);
  await using _folder = await makeWorkFolder(parent, 'backup');
  expect((await stat(join(parent, name, 'half'))).isFile()).toBe(true);
});
