import { readFileSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const plentyBytes = 4 * 1024 ** 3;

/**
 * Tests keep their folders in memory where there is plenty of it: on a disk, half of their time is flushing files that nobody reads
 * again. TMPDIR goes first; libraries that tests compile must be allowed to run there.
 */
function temporaryFolder(): { TMPDIR?: string } {
  const folder = '/dev/shm';
  if (process.env.TMPDIR !== undefined || process.platform !== 'linux') return {};
  try {
    const mounted = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '));
    const options = mounted.find(([, path, kind]) => path === folder && kind === 'tmpfs')?.[3];
    const { bavail, bsize } = statfsSync(folder);
    const isUsable =
      options !== undefined && !options.split(',').some((one) => ['noexec', 'ro'].includes(one));
    return isUsable && bavail * bsize >= plentyBytes ? { TMPDIR: folder } : {};
  } catch {
    return {};
  }
}

// Rooms are tested from their sources: the "source" condition of each package's exports.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    env: temporaryFolder(),
    include: ['packages/*/src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    // For what hangs, not for what is slow: a machine that does much else at the same time is ten times as slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // Processes, not threads: tests change their working folder and their user. Rooms keep no state in modules, so the files of
    // one worker share them; loading them anew for each file was a quarter of the run's processor time.
    pool: 'forks',
    isolate: false,
    maxWorkers: '100%',
  },
});
