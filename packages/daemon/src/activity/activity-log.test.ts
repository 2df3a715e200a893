import { appendFile, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { steppedDisk } from '../faults/stepped-disk.js';
import { type ActivityFact, type ActivityLog, openActivityLog } from './activity-log.js';

let folder: string;
let path: string;
let problems: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-activity-'));
  path = join(folder, 'activity.jsonl');
  problems = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (options: { disk?: Disk; maxFileBytes?: number } = {}): Promise<ActivityLog> =>
  openActivityLog(options.disk ?? nodeDisk(), path, {
    clock: () => new Date('2026-06-01T00:00:00Z'),
    onProblem: (error) => problems.push(error),
    maxFileBytes: options.maxFileBytes,
  });

const fact = (plugin: string, message = 'Done.'): ActivityFact => ({
  action: 'install',
  plugin,
  from: null,
  to: '1.0.0',
  publisher: 'Hello Ltd',
  code: null,
  message,
  by: 'request',
});
const names = (log: ActivityLog) => log.newest(10_000).map(({ plugin }) => plugin);

it('numbers lines across restarts, and is a file a user can read', async () => {
  const log = await open();
  await log.append(fact('A'));
  await log.append(fact('B'));
  const again = await open();
  await again.append(fact('C'));
  expect(await readFile(path, 'utf8')).toBe(
    ['A', 'B', 'C']
      .map(
        (plugin, index) =>
          `${JSON.stringify({ number: index + 1, at: '2026-06-01T00:00:00.000Z', ...fact(plugin) })}\n`,
      )
      .join(''),
  );
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(again.after(1, 1)).toMatchObject({ entries: [{ number: 2, plugin: 'B' }], hasMore: true });
  expect(again.after(2, 10)).toMatchObject({ entries: [{ number: 3 }], hasMore: false });
  expect(again.after(3, 10)).toEqual({ entries: [], hasMore: false });
  expect(again.newest(2)).toMatchObject([{ plugin: 'B' }, { plugin: 'C' }]);
});

it('gets over a last line that a crash cut off, wherever', async () => {
  const log = await open();
  await log.append(fact('A'));
  const { size } = await stat(path);
  await log.append(fact('B'));
  const whole = (await stat(path)).size;
  for (let length = whole - 1; length > size; length -= 7) {
    await truncate(path, length);
    const next = await open();
    // Only the line's end was lost: the line is whole.
    expect(names(next)).toEqual(length === whole - 1 ? ['A', 'B'] : ['A']);
    await next.append(fact('C'));
    expect(names(await open()).slice(0, 1)).toEqual(['A']);
    expect(names(await open()).at(-1)).toBe('C');
  }
});

it('skips what is none of its lines, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), async (lines) => {
      await rm(path, { force: true });
      await (await open()).append(fact('A'));
      for (const line of lines)
        await appendFile(path, Buffer.concat([line, Buffer.from('\n{"number":3}\n[]\n')]));
      const log = await open();
      expect(names(log)).toEqual(['A']);
      await log.append(fact('B'));
      expect(names(await open())).toEqual(['A', 'B']);
    }),
    { numRuns: 25 },
  );
  expect(problems).toEqual([]);
});

it('keeps one file put aside, and goes on counting', async () => {
  const log = await open({ maxFileBytes: 2_000 });
  for (let index = 0; index < 60; index += 1) await log.append(fact(`P${index}`));
  expect((await stat(path)).size).toBeLessThanOrEqual(2_000);
  expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(2_000);
  const again = await open({ maxFileBytes: 2_000 });
  expect(names(again)).toEqual(names(log));
  expect(again.newest(1)).toMatchObject([{ number: 60, plugin: 'P59' }]);
  expect(names(again).length).toBeGreaterThan(10);
});

it('writes later what a disk refused, each line once and in order', async () => {
  let isFull = false;
  const halves: (() => Promise<void>)[] = [];
  const disk = steppedDisk(nodeDisk(), async ({ half }) => {
    if (!isFull) return;
    // As a full disk does: some of it is there.
    if (half !== undefined && halves.push(half) === 1) await half();
    throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC', syscall: 'write' });
  });
  const log = await open({ disk });
  await log.append(fact('A'));
  isFull = true;
  await log.append(fact('B'));
  await log.append(fact('C'));
  expect(names(log)).toEqual(['A', 'B', 'C']);
  expect(problems).toHaveLength(2);
  isFull = false;
  await log.append(fact('D'));
  expect(names(await open())).toEqual(['A', 'B', 'C', 'D']);
});

it('reads a line once though it was written twice, its flush having failed', async () => {
  const log = await open();
  await log.append(fact('A'));
  await appendFile(path, await readFile(path));
  expect(names(await open())).toEqual(['A']);
});

it('follows no link, and puts a file aside that is too long to be its own', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await writeFile(elsewhere, 'mine');
  await symlink(elsewhere, path);
  const linked = await open();
  await linked.append(fact('A'));
  expect(await readFile(elsewhere, 'utf8')).toBe('mine');
  await rm(path, { force: true });
  await rm(`${path}.1`, { force: true });
  await writeFile(path, 'x'.repeat(5_000));
  const log = await open({ maxFileBytes: 2_000 });
  await log.append(fact('B'));
  expect(names(await open({ maxFileBytes: 2_000 }))).toEqual(['B']);
});

it('bounds a message, which may quote what a package says of itself', async () => {
  const log = await open();
  await log.append(fact('A', `${'x'.repeat(2_000)}\n`));
  expect((await readFile(path, 'utf8')).length).toBeLessThan(1_300);
  expect(names(await open())).toEqual(['A']);
});
