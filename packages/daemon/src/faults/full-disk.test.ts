import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { errorOutcome } from '../error-outcome.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';

const run = promisify(execFile);
const smallBytes = 4 * 1024 * 1024;

let fixtures: DaemonFixtures;
let authority: Authority;
let first: string;
let large: string;
/** A file system of four megabytes; undefined with the reason where none can be mounted. */
let mounted: { path: string } | { reason: string };

async function mountSmall(path: string): Promise<typeof mounted> {
  await mkdir(path);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${smallBytes}`, 'tmpfs', path]);
    return { path };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  first = await writePackage(fixtures, signer);
  const files = { 'data/large.bin': randomBytes(smallBytes) };
  large = await writePackage(fixtures, signer, { version: '2.0.0', files });
  mounted = await mountSmall(fixtures.path('small'));
});
afterAll(async () => {
  if ('path' in mounted) await run('umount', [mounted.path]);
  await fixtures[Symbol.asyncDispose]();
});

describe('a disk that is really full', () => {
  it('keeps the old version, whole, leaves nothing behind, and takes the next one that fits', async (context) => {
    if ('reason' in mounted)
      return context.skip(`no small file system can be mounted here: ${mounted.reason}`);
    const dataDir = join(mounted.path, 'data');
    await using daemon = await startDaemon(fixtures, [authority.anchor], { dataDir });
    await daemon.install({ path: first });
    const freeBefore = (await statfs(mounted.path)).bfree;
    const outcome = await daemon.install({ path: large }).catch(errorOutcome);
    expect(outcome).toMatchObject({ code: 'DISK_FULL', resultCode: -1 });
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ version: '1.0.0' });
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
    // A line in the activity log is all it cost.
    expect(freeBefore - (await statfs(mounted.path)).bfree).toBeLessThanOrEqual(2);

    const filler = join(mounted.path, 'filler');
    await expect(writeFile(filler, Buffer.alloc(2 * smallBytes))).rejects.toMatchObject({ code: 'ENOSPC' });
    const full = await daemon.install({ path: first, force: true }).catch(errorOutcome);
    expect(full).toMatchObject({ code: 'DISK_FULL' });
    expect(await daemon.list()).toMatchObject([{ version: '1.0.0', state: 'installed' }]);
    await daemon.assertStillTrusted('Greeter');
    await rm(filler);
    await daemon.install({ path: first, force: true });
    expect(await inspect(dataDir, 'Greeter')).toMatchObject({ version: '1.0.0' });
  });
});
