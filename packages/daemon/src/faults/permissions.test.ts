import { execFile } from 'node:child_process';
import { chmod, chown, cp, lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Authority,
  DaemonFixtures,
  fixtureInstant,
  fixturePlatform,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';

const run = promisify(execFile);
const child = fileURLToPath(new URL('../../dist/faults/unprivileged-child.js', import.meta.url));
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
let before: string;
let rootPem: string;
let update: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  await chmod(fixtures.folder, 0o755);
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
  rootPem = fixtures.path('root.pem');
  await writeFile(rootPem, authority.rootPem);
  update = await writePackage(fixtures, signer, { version: '2.0.0' });
  await chmod(update, 0o644);
  before = fixtures.path('before');
  await using daemon = await startDaemon(fixtures, [authority.anchor], { dataDir: before });
  await daemon.install({ path: await writePackage(fixtures, signer) });
});
afterAll(() => fixtures[Symbol.asyncDispose]());

/** A data folder with 1.0.0 that belongs to nobody, and what came of installing 2.0.0 as nobody. */
async function installAsNobody(
  spoil: (dataDir: string) => Promise<unknown>,
  path = update,
): Promise<{ dataDir: string; outcome: { code?: string; message: string; resultCode: number } }> {
  const dataDir = fixtures.path('data');
  await cp(before, dataDir, { recursive: true, verbatimSymlinks: true });
  await run('chown', ['-R', `${nobody}:${nobody}`, dataDir]);
  await spoil(dataDir);
  const order = [String(nobody), dataDir, rootPem, path, fixtureInstant.toISOString(), fixturePlatform];
  const { stdout } = await run(process.execPath, [child, ...order]);
  return { dataDir, outcome: JSON.parse(stdout) };
}

// Only root can become somebody else, and root itself is refused nothing.
describe.runIf(isRoot)('without permission', () => {
  it('installs where it has it', async () => {
    const { dataDir, outcome } = await installAsNobody(async () => undefined);
    expect(outcome).toMatchObject({ id: 'Greeter', version: '2.0.0' });
    expect((await lstat(layoutOf(dataDir).link('Greeter'))).uid).toBe(nobody);
  });

  it.each<[string, (dataDir: string) => Promise<unknown>]>([
    ['in the plugins folder', (dataDir) => takeAway(layoutOf(dataDir).plugins)],
    ['in the folder of versions', (dataDir) => takeAway(layoutOf(dataDir).home('Greeter'))],
    ['in staging', (dataDir) => takeAway(layoutOf(dataDir).staging)],
    ['in its own folder', (dataDir) => takeAway(layoutOf(dataDir).lock)],
  ])('%s: says so and changes nothing', async (_where, spoil) => {
    const { dataDir, outcome } = await installAsNobody(spoil);
    expect(outcome).toMatchObject({ code: 'PERMISSION_DENIED', resultCode: -1 });
    expect(outcome.message).toContain(dataDir);
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ version: '1.0.0' });
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
  });

  it('to read the package: names it', async () => {
    const secret = fixtures.path('secret.jpl');
    await cp(update, secret);
    await chmod(secret, 0o600);
    const { dataDir, outcome } = await installAsNobody(async () => undefined, secret);
    expect(outcome).toMatchObject({ code: 'FILE_NOT_READABLE', resultCode: -1 });
    expect(outcome.message).toContain(secret);
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ version: '1.0.0' });
  });

  it('to the data folder at all', async () => {
    const { outcome } = await installAsNobody(async (dataDir) => {
      await chown(dataDir, 0, 0);
      await chmod(dataDir, 0o700);
    });
    expect(outcome).toMatchObject({ code: 'PERMISSION_DENIED', resultCode: -1 });
  });
});

/** The folder stays readable, but belongs to somebody else. */
async function takeAway(folder: string): Promise<void> {
  await chown(folder, 0, 0);
  await chmod(folder, 0o755);
  expect((await lstat(join(folder, '.'))).uid).toBe(0);
}
