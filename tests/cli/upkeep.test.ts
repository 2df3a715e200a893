/** `jpl store backup`, `restore`, `check` and `migrate` on a store that is served meanwhile, also where they are killed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStoreData } from '../../packages/store/src/operating/store-data.js';
import { type MadePackage, StoreWorld } from '../faults/store-world.js';
import type { Server } from './jpl-process.js';

const packages = 12;
const clock = (): Date => new Date();

let world: StoreWorld;
let server: Server;
let plugin: Awaited<ReturnType<StoreWorld['plugin']>>;
const published: MadePackage[] = [];

async function publish(): Promise<number> {
  const made = await world.package(plugin, `${published.length + 1}.0.0`);
  const { status } = await world.upload(made);
  if (status !== 202 || (await world.accept(made)).status !== 200) return status;
  published.push(made);
  return 200;
}

beforeAll(async () => {
  world = await StoreWorld.open(undefined);
  server = await world.start();
  plugin = await world.plugin('Upkeep');
  for (let number = 0; number < packages; number += 1) expect(await publish()).toBe(200);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const blobPath = (dir: string, sha256: string): string =>
  world.shell.at(dir, 'blobs', 'sha256', sha256.slice(0, 2), sha256);

/** Every published package, its row and its bytes. */
async function expectAllIn(dir: string): Promise<void> {
  await using data = await openStoreData({ dataDir: world.shell.at(dir) }, clock);
  const rows = await data.database.queries
    .selectFrom('packages')
    .select(['sha256', 'state'])
    .where('state', '=', 'published')
    .execute();
  expect(rows.map(({ sha256 }) => sha256).sort()).toEqual(published.map(({ sha256 }) => sha256).sort());
  for (const { sha256 } of published) {
    const bytes = await readFile(blobPath(dir, sha256));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  }
  const { code, report } = await world.shell.asked('store', 'check', '--data-dir', dir);
  expect([code, report.remaining]).toEqual([0, 0]);
}

/**
 * Starts a command again and again, killed a little later each time, until one comes to its end; `between` runs after each kill.
 * @returns how often it was killed, and what the last one said
 */
async function killUntilDone(
  args: readonly string[],
  between: () => Promise<void> = async () => {},
): Promise<{ kills: number; code: number | null; out: string; err: string }> {
  for (let kills = 0, afterMs = 150; ; kills += 1, afterMs += 60) {
    const { child, ended } = world.shell.start(args);
    const killing = setTimeout(() => child.kill('SIGKILL'), afterMs);
    const { code, signal, out, err } = await ended;
    clearTimeout(killing);
    if (signal !== 'SIGKILL') return { kills, code, out, err };
    await between();
  }
}

describe('a backup', () => {
  it('is made of a store that is served, and is a store when it is restored', async () => {
    const { code, report } = await world.shell.asked('store', 'backup', 'copy', '--data-dir', 'store');
    expect([code, report.blobs]).toEqual([0, packages]);
    const again = await world.shell.jpl('store', 'backup', 'copy', '--data-dir', 'store');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toMatch(/^copy: the store as of \S+, 12 blobs, 0 bytes copied\n$/);
    const restored = await world.shell.jpl('store', 'restore', 'copy', '--data-dir', 'restored');
    expect(restored).toMatchObject({ code: 0, err: '' });
    expect(restored.out).toContain('12 blobs with their digests');
    await expectAllIn('restored');
  });

  it('that is killed leaves the one before whole, and nothing beside the next', async () => {
    const { kills, code } = await killUntilDone(['store', 'backup', 'killed', '--data-dir', 'store']);
    expect(code).toBe(0);
    expect(kills).toBeGreaterThan(1);
    expect((await readdir(world.shell.at('killed'))).filter((name) => name.startsWith('.'))).toEqual([]);
    await expectAllIn('killed');
  });

  it('is restored also where restoring was killed before', async () => {
    const args = ['store', 'restore', 'copy', '--data-dir', 'twice'];
    const { kills, code, err } = await killUntilDone(args);
    expect([code, err]).toEqual([0, '']);
    expect(kills).toBeGreaterThan(1);
    expect((await readdir(world.shell.at('twice'))).filter((name) => name.startsWith('.'))).toEqual([]);
    await expectAllIn('twice');
  });

  it('is not restored over a store', async () => {
    const { code, err } = await world.shell.jpl('store', 'restore', 'copy', '--data-dir', 'restored');
    expect(code).toBe(1);
    expect(err).toContain('STORE_NOT_EMPTY');
  });
});

describe('a check', () => {
  const check = (...args: string[]) => world.shell.jpl('store', 'check', '--data-dir', 'restored', ...args);

  it('finds bytes that nothing refers to, and removes them when told to', async () => {
    await using data = await openStoreData({ dataDir: world.shell.at('restored') }, clock);
    const { sha256 } = await data.blobs.put(Buffer.from('left by a killed upload'));
    const young = await check();
    expect([young.code, young.out]).toEqual([0, expect.stringContaining('1 blobs are not referred to yet')]);
    const found = await check('--older-than', '0');
    expect([found.code, found.out]).toEqual([1, expect.stringContaining(`BLOB_ORPHANED  ${sha256}`)]);
    const repaired = await check('--older-than', '0', '--repair');
    expect([repaired.code, repaired.out]).toEqual([0, expect.stringMatching(/\(repaired\)\n/)]);
    await expect(readFile(blobPath('restored', sha256))).rejects.toThrow('ENOENT');
  });

  it('finds bytes that are not those of their digest, and bytes that are gone', async () => {
    const [changed, gone] = published.map(({ sha256 }) => blobPath('restored', sha256));
    const bytes = await readFile(changed ?? '');
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(changed ?? '', bytes);
    await rm(gone ?? '');
    const { code, report } = await world.shell.asked<{ findings: { code: string; subject: string }[] }>(
      ...['store', 'check', '--data-dir', 'restored'],
    );
    expect(code).toBe(1);
    expect(report.findings.map(({ code, subject }) => [code, subject])).toEqual(
      expect.arrayContaining([
        ['BLOB_CHANGED', published[0]?.sha256],
        ['BLOB_MISSING', published[1]?.sha256],
      ]),
    );
  });
});

describe('a move', () => {
  it('that is killed goes on when it is started again, and loses nothing that was taken meanwhile', async () => {
    const args = ['store', 'migrate', '--to', 'moved', '--data-dir', 'store', '--json'];
    const before = published.length;
    const refusals = new Set<number>();
    const { kills, code, out, err } = await killUntilDone(args, async () => {
      const status = await publish();
      if (status !== 200) refusals.add(status);
    });
    expect([code, err]).toEqual([0, '']);
    expect(kills).toBeGreaterThan(1);
    expect(published.length).toBeGreaterThan(before);
    // Once the last changes are carried over the old place takes none.
    expect([...refusals].filter((status) => status !== 503)).toEqual([]);
    expect(JSON.parse(out)).toMatchObject({ wasDone: false, blobs: published.length });
    await expectAllIn('moved');
    expect(await publish()).toBe(503);
  });

  it('that is done is not done again', async () => {
    const { code, out } = await world.shell.jpl('store', 'migrate', '--to', 'moved', '--data-dir', 'store');
    expect([code, out]).toEqual([0, expect.stringContaining('nothing was done')]);
  });
});
