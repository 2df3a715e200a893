import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusal, scratch } from '../authority-fixtures.js';
import { startChild } from '../process-fixtures.js';
import { lockFolder } from './lock.js';

describe('the lock of a folder', () => {
  it('has one holder, in this process too, and another after that', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'lock');
    const first = await lockFolder(folder);
    await refusal(lockFolder(folder), 'AUTHORITY_BUSY');
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    const second = await lockFolder(folder);
    expect(second.generation).toBe(first.generation + 1);
    await second[Symbol.asyncDispose]();
    expect((await readdir(folder)).filter((name) => !/^[0-9]+$/.test(name))).toEqual([]);
  });

  it('goes to one of many who want it at once', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'lock');
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    const holders = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(holders).toHaveLength(1);
    await holders[0]?.[Symbol.asyncDispose]();
  });

  it('is found free where a holder died in the middle of everything', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'lock');
    await mkdir(folder);
    await writeFile(join(folder, '7'), '{"pid":1,"socket":"0123456789ab.sock"}');
    await writeFile(join(folder, '0123456789ab.sock'), '');
    const lock = await lockFolder(folder);
    expect(lock.generation).toBe(8);
    expect(await readdir(folder)).not.toContain('7');
    await lock[Symbol.asyncDispose]();
    for (const rubbish of ['', '{', '{"pid":1}', '{"pid":1,"socket":"../../x"}']) {
      await writeFile(join(folder, '20'), rubbish);
      const next = await lockFolder(folder);
      expect(next.generation).toBe(21);
      await next[Symbol.asyncDispose]();
      await rm(join(folder, '21'));
    }
  });

  it('works in a folder whose path is too long for a socket', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'a'.repeat(100), 'b'.repeat(100), 'lock');
    await using _first = await lockFolder(folder);
    await refusal(lockFolder(folder), 'AUTHORITY_BUSY');
  });

  it('says why it cannot be taken at all', async () => {
    await using files = await scratch();
    await refusal(lockFolder(join(await files.file('file', ''), 'lock')), 'STORAGE_FAILED');
  });

  it('is never held by two of the processes that come and go', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'lock');
    const children = Array.from({ length: 3 }, () => startChild('lock', folder, '60'));
    await Promise.all(children.map((child) => child.ended()));
    const lines = children.flatMap((child) => child.lines);
    expect(lines.filter((line) => !/^taken [0-9]+$/.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThan(4);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('is free again when its holder was killed, also among others', async () => {
    await using files = await scratch();
    const folder = join(files.dir, 'lock');
    for (let round = 0; round < 2; round += 1) {
      const [first, second] = [startChild('lock', folder, '100000'), startChild('lock', folder, '100000')];
      await first.wrote(2);
      await Promise.all([first.kill(), second.kill()]);
      await (await lockFolder(folder))[Symbol.asyncDispose]();
    }
  });
});
