/** `jpl store backup`, `restore`, `check` and `migrate` on a store that is served meanwhile, also where they are killed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresPrograms, startPostgres } from '../../packages/store/src/database/postgres-fixtures.js';
import { openStoreData } from '../../packages/store/src/operating/store-data.js';
import { type MadePackage, StoreWorld } from '../faults/store-world.js';
import { hasTerminals, type Server, type Started } from './jpl-process.js';

const packages = 24;
const bulkBytes = 1_000_000;
const clock = (): Date => new Date();

let world: StoreWorld;
let server: Server;
let plugin: Awaited<ReturnType<StoreWorld['plugin']>>;
const published: MadePackage[] = [];

async function publish(): Promise<number> {
  const made = await world.package(plugin, `${published.length + 1}.0.0`, bulkBytes);
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

async function blobsIn(dir: string): Promise<number> {
  const found = await readdir(world.shell.at(dir, 'blobs', 'sha256'), { recursive: true }).catch(() => []);
  return found.filter((name) => /[0-9a-f]{64}$/.test(name)).length;
}

/**
 * Starts a command again and again, killed as soon as it has brought some more blobs into `dir`, until one comes to its end; `between` runs
 * after each kill.
 * @returns how many blobs were there at each kill, and what the last one said
 */
async function killUntilDone(
  args: readonly string[],
  dir: string,
  between: () => Promise<void> = async () => {},
): Promise<{ killedAt: number[]; code: number | null; out: string; err: string }> {
  const killedAt: number[] = [];
  for (;;) {
    const wanted = (await blobsIn(dir)) + 4;
    const { child, ended } = world.shell.start(args);
    let isOver = false;
    const over = ended.finally(() => {
      isOver = true;
    });
    while (!isOver && (await blobsIn(dir)) < wanted) await setTimeout(1);
    child.kill('SIGKILL');
    const { code, signal, out, err } = await over;
    if (signal !== 'SIGKILL') return { killedAt, code, out, err };
    killedAt.push(await blobsIn(dir));
    await between();
  }
}

/** Kills fell into the copying: each found more than the one before, and at least two that something was missing. */
function expectInside(killedAt: readonly number[], total: number): void {
  expect(killedAt).toEqual([...killedAt].sort((a, b) => a - b));
  expect(killedAt.filter((blobs) => blobs > 0 && blobs < total).length).toBeGreaterThanOrEqual(2);
}

describe('a backup', () => {
  it('is made of a store that is served, and is a store when it is restored', async () => {
    const { code, report } = await world.shell.asked('store', 'backup', 'copy', '--data-dir', 'store');
    expect([code, report.blobs]).toEqual([0, packages]);
    const again = await world.shell.jpl('store', 'backup', 'copy', '--data-dir', 'store');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toMatch(/^copy: the store as of \S+, 24 blobs, 0 bytes copied\n$/);
    const restored = await world.shell.jpl('store', 'restore', 'copy', '--data-dir', 'restored');
    expect(restored).toMatchObject({ code: 0, err: '' });
    expect(restored.out).toContain(`${packages} blobs with their digests`);
    await expectAllIn('restored');
  });

  it('that is killed leaves the one before whole, and nothing beside the next', async () => {
    const args = ['store', 'backup', 'killed', '--data-dir', 'store'];
    const { killedAt, code } = await killUntilDone(args, 'killed');
    expect(code).toBe(0);
    expectInside(killedAt, packages);
    expect((await readdir(world.shell.at('killed'))).filter((name) => name.startsWith('.'))).toEqual([]);
    await expectAllIn('killed');
  });

  it('is restored also where restoring was killed before', async () => {
    const args = ['store', 'restore', 'copy', '--data-dir', 'twice', '--json'];
    const { killedAt, code, out, err } = await killUntilDone(args, 'twice');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ from: world.shell.at('copy'), blobs: packages });
    expectInside(killedAt, packages);
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
    const { killedAt, code, out, err } = await killUntilDone(args, 'moved', async () => {
      const status = await publish();
      if (status !== 200) refusals.add(status);
    });
    expect([code, err]).toEqual([0, '']);
    expectInside(killedAt, published.length);
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

describe.skipIf(postgresPrograms === undefined || !hasTerminals)(
  `a move to PostgreSQL${postgresPrograms === undefined ? ' (skipped: no PostgreSQL here)' : ''}`,
  () => {
    it('that is killed at what it tells to be doing goes on when it is started again', async () => {
      await using cluster = await startPostgres();
      const url = await cluster.createDatabase();
      await world.shell.done('store', 'restore', 'copy', '--data-dir', 'large');
      const args = ['store', 'migrate', '--to', url, '--data-dir', 'large'];
      const killedAt: string[] = [];
      for (const step of ['Copying rows', 'Copying and reading blobs']) {
        const started = world.shell.startAtTerminal(args);
        const end = await Promise.race([started.ended, toldBy(started, step)]);
        if (end !== undefined) break;
        // `script` has one child, which has become the command.
        const [pid] = (
          await readFile(`/proc/${started.child.pid}/task/${started.child.pid}/children`, 'utf8')
        )
          .trim()
          .split(' ');
        process.kill(Number(pid), 'SIGKILL');
        const { out } = await started.ended;
        if (out.includes('The store is at')) break;
        killedAt.push(step);
      }
      expect(killedAt).toEqual(['Copying rows', 'Copying and reading blobs']);
      const { code, report } = await world.shell.asked(...args);
      expect([code, report.blobs]).toEqual([0, packages]);
      const checked = await world.shell.asked('store', 'check', '--data-dir', 'large');
      expect(checked.code).toBe(0);
      await using data = await openStoreData({ dataDir: world.shell.at('large'), databaseUrl: url }, clock);
      const rows = await data.database.queries.selectFrom('packages').select('sha256').execute();
      expect(rows).toHaveLength(packages);
    });
  },
);

/** Resolves when a command at a terminal has drawn this. */
async function toldBy({ said }: Started, what: string): Promise<undefined> {
  while (!said().out.includes(what)) await setTimeout(1);
}
