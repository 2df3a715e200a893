import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AnswerKey, createAnswerCache } from './answer-cache.js';

const key = (index: number, kind: AnswerKey['kind'] = 'ocsp'): AnswerKey => ({
  kind,
  digest: index.toString(16).padStart(64, '0'),
});

let home = '';
let folder = '';
const problems: unknown[] = [];
const onProblem = (error: unknown) => problems.push(error);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'answer-cache-'));
  folder = join(home, 'answers');
  problems.length = 0;
});
afterEach(() => rm(home, { recursive: true, force: true }));

const pathOf = ({ kind, digest }: AnswerKey) => join(folder, `${digest}.${kind}`);

describe.each(['disk', 'memory'])('answer cache in %s', (where) => {
  const make = (options = {}) =>
    createAnswerCache(where === 'disk' ? folder : undefined, { onProblem, ...options });

  it('gives back what was put, by kind and key', async () => {
    const cache = make();
    expect(await cache.get(key(1))).toBeUndefined();
    await cache.put(key(1), Buffer.from('one'));
    await cache.put(key(1, 'crl'), Buffer.from('list'));
    await cache.put(key(1), Buffer.from('newer'));
    expect((await cache.get(key(1)))?.toString()).toBe('newer');
    expect((await cache.get(key(1, 'crl')))?.toString()).toBe('list');
    await cache.remove(key(1));
    await cache.remove(key(2));
    expect(await cache.get(key(1))).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it('does not keep empty or oversized answers', async () => {
    const cache = make({ maxAnswerBytes: 4 });
    await cache.put(key(1), Buffer.alloc(0));
    await cache.put(key(2), Buffer.alloc(5));
    await cache.put(key(3), Buffer.alloc(4));
    expect(await cache.get(key(1))).toBeUndefined();
    expect(await cache.get(key(2))).toBeUndefined();
    expect(await cache.get(key(3))).toHaveLength(4);
  });

  it('keeps the newest within its count and its bytes', async () => {
    const kept = async (options: object) => {
      const cache = make(options);
      for (let index = 1; index <= 4; index += 1) {
        await cache.put(key(index), Buffer.alloc(10));
        if (where === 'disk') await utimes(pathOf(key(index)), index, index);
      }
      await cache.put(key(5), Buffer.alloc(10));
      const found: number[] = [];
      for (let index = 1; index <= 5; index += 1) if (await cache.get(key(index))) found.push(index);
      return found;
    };
    expect(await kept({ maxAnswers: 2 })).toEqual([4, 5]);
    await rm(folder, { recursive: true, force: true });
    expect(await kept({ maxBytes: 35 })).toEqual([3, 4, 5]);
  });

  it.each(['../escape', 'A'.repeat(64), '', `${'0'.repeat(63)}/`])('takes no key like %s', async (digest) => {
    await make().put({ kind: 'ocsp', digest }, Buffer.from('x')).catch(onProblem);
    expect(problems).toEqual([expect.any(RangeError)]);
    expect(await readdir(home)).toEqual([]);
  });
});

describe('answer cache on disk', () => {
  const make = () => createAnswerCache(folder, { onProblem, maxAnswerBytes: 100 });

  it('is shared by whoever opens the folder, readable by its user only, with nothing half-written left', async () => {
    await Promise.all([1, 1, 1, 2].map((index) => make().put(key(index), Buffer.from(`${index}`))));
    expect((await make().get(key(1)))?.toString()).toBe('1');
    expect((await readdir(folder)).sort()).toEqual([`${key(1).digest}.ocsp`, `${key(2).digest}.ocsp`]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(pathOf(key(1)))).mode & 0o777).toBe(0o600);
  });

  it('follows no link and removes it', async () => {
    await mkdir(folder);
    const outside = join(home, 'outside');
    await writeFile(outside, 'secret');
    await symlink(outside, pathOf(key(1)));
    expect(await make().get(key(1))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    expect(problems).toHaveLength(1);
    await symlink(outside, pathOf(key(1)));
    await make().put(key(1), Buffer.from('answer'));
    expect(await readFile(outside, 'utf8')).toBe('secret');
    expect((await make().get(key(1)))?.toString()).toBe('answer');
  });

  it('waits for no pipe', async () => {
    await mkdir(folder);
    execFileSync('mkfifo', [pathOf(key(1))]);
    expect(await make().get(key(1))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it('clears away a folder, an empty and an oversized file under an answer’s name', async () => {
    await mkdir(join(pathOf(key(1)), 'inner'), { recursive: true });
    await writeFile(pathOf(key(2)), '');
    await writeFile(pathOf(key(3)), Buffer.alloc(101));
    expect(await createAnswerCache(folder, { onProblem }).get(key(1))).toBeUndefined();
    expect(problems).toEqual([]);
    for (const index of [2, 3]) expect(await make().get(key(index))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
    await mkdir(join(pathOf(key(4)), 'inner'), { recursive: true });
    await make().put(key(4), Buffer.from('lost'));
    await make().put(key(4), Buffer.from('answer'));
    expect((await make().get(key(4)))?.toString()).toBe('answer');
  });

  it('leaves foreign files alone', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await createAnswerCache(folder, { maxAnswers: 0, onProblem }).put(key(1), Buffer.from('x'));
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it('goes on as if empty when the folder cannot be used, and says so', async () => {
    await writeFile(folder, 'a file where the folder should be');
    await make().put(key(1), Buffer.from('x'));
    expect(await make().get(key(1))).toBeUndefined();
    await make().remove(key(1));
    expect(problems.length).toBeGreaterThanOrEqual(2);
    await chmod(folder, 0o600);
    expect(await readFile(folder, 'utf8')).toContain('a file');
  });
});
