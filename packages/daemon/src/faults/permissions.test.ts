import { execFile } from 'node:child_process';
import { chmod, chown, cp, lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  DaemonFixtures,
  fewFiles,
  fixtureInstant,
  fixturePlatform,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';
import type { UnprivilegedInstall, UnprivilegedOrder, UnprivilegedOutcome } from './unprivileged-child.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('../../dist/faults/unprivileged-child.js', import.meta.url));
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

let fixtures: DaemonFixtures;
let authority: Authority;
let before: string;
let rootPem: string;
let update: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  await chmod(fixtures.folder, 0o755);
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  rootPem = fixtures.path('root.pem');
  await writeFile(rootPem, authority.rootPem);
  update = await writePackage(fixtures, signer, { version: '2.0.0', files: fewFiles });
  await chmod(update, 0o644);
  before = fixtures.path('before');
  await using daemon = await startDaemon(fixtures, [authority.anchor], { dataDir: before });
  await daemon.install({ path: await writePackage(fixtures, signer) });
  await daemon[Symbol.asyncDispose]();
  if (isRoot) await run('chown', ['-R', `${nobody}:${nobody}`, before]);
});
afterAll(() => fixtures[Symbol.asyncDispose]());

type Wish = Omit<UnprivilegedInstall, 'dataDir' | 'packagePath' | 'lose'> & {
  readonly packagePath?: string;
  readonly spoil?: (dataDir: string) => Promise<unknown>;
  readonly lose?: { readonly folder: (dataDir: string) => string; readonly step: number };
};

/** Data folders with 1.0.0 that belong to nobody, and what came of installing 2.0.0 in each as nobody; one process does all. */
async function installAsNobody(
  wishes: readonly Wish[],
): Promise<{ dataDir: string; outcome: UnprivilegedOutcome }[]> {
  const installs: UnprivilegedInstall[] = [];
  for (const { spoil, lose, packagePath = update, ...wish } of wishes) {
    const dataDir = fixtures.path('data');
    // Keeps whom it belongs to.
    await run('cp', ['-a', before, dataDir]);
    await spoil?.(dataDir);
    const loses = lose && { folder: lose.folder(dataDir), step: lose.step };
    installs.push({ dataDir, packagePath, ...wish, ...(loses === undefined ? {} : { lose: loses }) });
  }
  const [at, order] = [fixtureInstant.toISOString(), fixtures.path('order.json')];
  const all: UnprivilegedOrder = { uid: nobody, rootPem, at, platform: fixturePlatform, installs };
  await writeFile(order, JSON.stringify(all));
  // Few enough that the limit is soon reached by those who look for it.
  const { stdout } = await run('sh', ['-c', 'ulimit -n 256; exec "$0" "$@"', process.execPath, child, order]);
  const outcomes = JSON.parse(stdout) as UnprivilegedOutcome[];
  return outcomes.map((outcome, index) => ({ dataDir: installs[index]?.dataDir ?? '', outcome }));
}

async function versionIn(dataDir: string): Promise<string> {
  const seen = await inspect(dataDir, 'Greeter');
  return seen === 'absent' ? seen : seen.version;
}

/** The folder stays readable, but belongs to somebody else. */
async function takeAway(folder: string): Promise<void> {
  await chown(folder, 0, 0);
  await chmod(folder, 0o755);
  expect((await lstat(join(folder, '.'))).uid).toBe(0);
}

// Only root can become somebody else, and root itself is refused nothing.
describe.runIf(isRoot)('without permission', () => {
  it('installs where it has it, else says so and changes nothing', async () => {
    const secret = fixtures.path('secret.jpl');
    await cp(update, secret);
    await chmod(secret, 0o600);
    const [allowed, unreadable, closed, ...refused] = await installAsNobody([
      {},
      { packagePath: secret },
      {
        spoil: async (dataDir) => {
          await chown(dataDir, 0, 0);
          await chmod(dataDir, 0o700);
        },
      },
      { spoil: (dataDir) => takeAway(layoutOf(dataDir).plugins) },
      { spoil: (dataDir) => takeAway(layoutOf(dataDir).home('Greeter')) },
      { spoil: (dataDir) => takeAway(layoutOf(dataDir).staging) },
      { spoil: (dataDir) => takeAway(layoutOf(dataDir).lock) },
    ]);
    expect(allowed?.outcome).toMatchObject({ resultCode: 0, version: '2.0.0' });
    expect((await lstat(layoutOf(allowed?.dataDir ?? '').link('Greeter'))).uid).toBe(nobody);

    expect(unreadable?.outcome).toMatchObject({ code: 'FILE_NOT_READABLE', resultCode: -1 });
    expect(unreadable?.outcome.message).toContain(secret);
    expect(await versionIn(unreadable?.dataDir ?? '')).toBe('1.0.0');

    expect(closed?.outcome).toMatchObject({ code: 'PERMISSION_DENIED', resultCode: -1 });

    expect(refused).toHaveLength(4);
    for (const { dataDir, outcome } of refused) {
      expect(outcome).toMatchObject({ code: 'PERMISSION_DENIED', resultCode: -1 });
      expect(outcome.message).toContain(dataDir);
      expect(await versionIn(dataDir)).toBe('1.0.0');
      expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
    }
  });

  it('lost half-way, at every step, leaves the old or the new and is healed by the next start', async () => {
    const [whole] = await installAsNobody([{}]);
    const steps = Array.from({ length: whole?.outcome.steps ?? 0 }, (_, index) => index + 1);
    expect(steps.length).toBeGreaterThan(15);
    const folders = ['plugins', 'staging', 'home'] as const;
    const folderIn = (folder: (typeof folders)[number]) => (dataDir: string) => {
      const layout = layoutOf(dataDir);
      return folder === 'home' ? layout.home('Greeter') : layout[folder];
    };
    // Each step with one folder, another one at each next step.
    const wishes = steps.map((step) => {
      const folder = folders[step % folders.length] ?? 'plugins';
      return { lose: { folder: folderIn(folder), step } };
    });
    const seen = new Set<string>();
    for (const { dataDir, outcome } of await installAsNobody(wishes)) {
      const version = await versionIn(dataDir);
      seen.add(outcome.code ?? version);
      expect(version).toBe(outcome.resultCode === 0 ? '2.0.0' : '1.0.0');
      await (await startDaemon(fixtures, [authority.anchor], { dataDir }))[Symbol.asyncDispose]();
      expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
      expect(await versionIn(dataDir)).toBe(version);
    }
    expect([...seen].sort()).toEqual(['2.0.0', 'PERMISSION_DENIED']);
  });
});

describe.runIf(isRoot)('with no files left to open', () => {
  it('says so, and leaves the old or the new', async () => {
    const wishes = Array.from({ length: 12 }, (_, filesLeft) => ({ filesLeft }));
    const seen = new Set<string>();
    for (const { dataDir, outcome } of await installAsNobody([...wishes, {}])) {
      const version = await versionIn(dataDir);
      seen.add(outcome.code ?? version);
      expect(version).toBe(outcome.resultCode === 0 ? '2.0.0' : '1.0.0');
      expect(outcome.resultCode === 0 || outcome.resultCode === -1).toBe(true);
    }
    expect([...seen].sort()).toEqual(['2.0.0', 'FILE_NOT_READABLE', 'TOO_MANY_FILES']);
  });
});

it.skipIf(isRoot)(
  'needs root to become somebody else, so what no permission does was not tried',
  () => undefined,
);
