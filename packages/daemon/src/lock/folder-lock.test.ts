import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireFolderLock, type FolderLock, type LockHolder } from './folder-lock.js';
import { processProbe } from './process-identity.js';

// Processes run the build: Node 20 cannot run TypeScript.
const contender = fileURLToPath(new URL('../../dist/lock/contender-fixtures.js', import.meta.url));
const run = promisify(execFile);

let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'jpl-lock-')), 'lock');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(join(folder, '..'), { recursive: true, force: true });
});

function held(lock: FolderLock | LockHolder): FolderLock {
  if ('pid' in lock) throw new Error(`busy: process ${lock.pid}`);
  return lock;
}

async function holdInChild(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [contender, folder, 'hold'], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return { child, said: chunk.toString().trim() };
}

describe('acquireFolderLock', () => {
  it('has one holder, and another after that one let go', async () => {
    const first = held(await acquireFolderLock(folder));
    expect(await acquireFolderLock(folder)).toEqual({ pid: process.pid });
    await first[Symbol.asyncDispose]();
    const second = held(await acquireFolderLock(folder));
    await second[Symbol.asyncDispose]();
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the process that holds it', async () => {
    const { child, said } = await holdInChild();
    expect(said).toBe('HELD');
    expect(await acquireFolderLock(folder)).toEqual({ pid: child.pid });
  });

  it('is taken over at once from a process that was killed', async () => {
    const { child } = await holdInChild();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const names = await readdir(folder);
    expect(names).toHaveLength(2);
    const lock = held(await acquireFolderLock(folder));
    expect((await readdir(folder)).filter((name) => names.includes(name))).toEqual([]);
    await lock[Symbol.asyncDispose]();
  });

  it('does not take a new process for a dead one that had its number', async () => {
    const own = held(await acquireFolderLock(folder));
    const [name = ''] = await readdir(folder);
    await own[Symbol.asyncDispose]();
    const [pid, , token] = name.split('-');
    await writeFile(join(folder, `${pid}-anotherboot_1-${token}`), '');
    await held(await acquireFolderLock(folder))[Symbol.asyncDispose]();
  });

  it('ignores files that are no claims', async () => {
    const own = held(await acquireFolderLock(folder));
    await own[Symbol.asyncDispose]();
    await writeFile(join(folder, 'README'), 'not a claim');
    await writeFile(join(folder, '1-x-.held'), '');
    await held(await acquireFolderLock(folder))[Symbol.asyncDispose]();
  });

  it('leaves no claim behind when the processes cannot be asked', async () => {
    const own = held(await acquireFolderLock(folder));
    const before = await readdir(folder);
    const probe = async (pid: number): Promise<string | undefined> => {
      if (asked++ > 0) throw new Error(`cannot ask about ${pid}`);
      return 'start';
    };
    let asked = 0;
    await expect(acquireFolderLock(folder, { probe })).rejects.toThrow('cannot ask');
    expect(await readdir(folder)).toEqual(before);
    await own[Symbol.asyncDispose]();
  });

  it('is never held by two of many processes', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, () => run(process.execPath, [contender, folder, 'rounds', '40'])),
    );
    const sums = results.map(({ stdout }) => JSON.parse(stdout) as { won: number; violations: number });
    expect(sums.map(({ violations }) => violations)).toEqual([0, 0, 0, 0]);
    expect(sums.reduce((won, sum) => won + sum.won, 0)).toBeGreaterThan(4);
  });
});

describe('processProbe', () => {
  it('tells the same of a process each time, and nothing of one that ended', async () => {
    const { child } = await holdInChild();
    const probe = processProbe();
    const started = await probe(child.pid ?? 0);
    expect(started).toMatch(/^[A-Za-z0-9_]+$/);
    expect(await probe(child.pid ?? 0)).toBe(started);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await probe(child.pid ?? 0)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('asks ps where there is no /proc', async () => {
    const probe = processProbe('darwin');
    expect(await probe(process.pid)).toBe(await probe(process.pid));
    expect(await probe(process.pid)).toMatch(/20[0-9]{2}$/);
    expect(await probe(2 ** 22 + 1)).toBeUndefined();
  });
});
