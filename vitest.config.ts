import { defineConfig } from 'vitest/config';

// Rooms are tested from their sources: the "source" condition of each package's exports.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts'],
    // For what hangs, not for what is slow: a machine that does much else at the same time is ten times as slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    // Processes, not threads: tests change their working folder and their user. Rooms keep no state in modules, so the files of
    // one worker share them; loading them anew for each file was a quarter of the run's processor time.
    pool: 'forks',
    isolate: false,
    maxWorkers: '100%',
  },
});
