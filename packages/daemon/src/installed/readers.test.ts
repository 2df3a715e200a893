import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Authority,
  DaemonFixtures,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { layoutOf } from './layout.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;
let packages: string[];

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
  packages = await Promise.all(
    ['1.0.0', '2.0.0'].map((version) => writePackage(fixtures, signer, { version })),
  );
});
afterAll(() => fixtures[Symbol.asyncDispose]());

/** Every place in a folder that tells its version. */
async function versionsIn(folder: string): Promise<Set<string>> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as { version: string };
  const marker = await readFile(join(folder, 'data/version.txt'), 'utf8');
  const library = await readFile(join(folder, 'libGreeter.so'), 'utf8');
  return new Set([manifest.version, marker, library.replace('library ', '')]);
}

it('a reader that opened the folder finds it whole, though many updates follow', async () => {
  const daemon = await startDaemon(fixtures, [authority.anchor], { limits: { retireMs: 60_000 } });
  const { path: root } = await daemon.install({ path: packages[0] ?? '' });
  const opened = await realpath(root);
  for (const path of [...packages, ...packages]) await daemon.install({ path, force: true });
  expect(await versionsIn(opened)).toEqual(new Set(['1.0.0']));
  await daemon[Symbol.asyncDispose]();
  const left = await readdir(layoutOf(daemon.info.dataDir).home('Greeter'));
  expect(left.filter((name) => name.endsWith('.record.json'))).toHaveLength(2);
});

it('readers never find it missing or mixed while it is updated', async () => {
  await using daemon = await startDaemon(fixtures, [authority.anchor], { limits: { retireMs: 500 } });
  const { path: root } = await daemon.install({ path: packages[0] ?? '' });
  const updates = (async () => {
    for (let update = 1; update <= 40; update += 1)
      await daemon.install({ path: packages[update % 2] ?? '', force: true });
    return 'done' as const;
  })();
  let reads = 0;
  const seen = new Set<string>();
  while ((await Promise.race([updates, undefined])) !== 'done') {
    const versions = await versionsIn(await realpath(root));
    expect(versions.size).toBe(1);
    for (const version of versions) seen.add(version);
    reads += 1;
  }
  expect([...seen].sort()).toEqual(['1.0.0', '2.0.0']);
  expect(reads).toBeGreaterThan(20);
});
