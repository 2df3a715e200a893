/**
 * Runs the tests that need a real S3 server, against one it starts: `npm run test:s3`. As root on Debian it installs what is missing.
 * Further arguments are test files.
 */
import { join } from 'node:path';
import { cephPackages, startRadosgw } from './radosgw.mjs';
import { root, run, runScript, setup } from './setup.mjs';
import { installPackages, isInstalled } from './system-tools.mjs';

const files = [
  'packages/store/src/blobs',
  'packages/store/src/operating',
  'packages/store/src/serving/package-routes.test.ts',
  'tests/cli/hosting.test.ts',
];

await runScript(async () => {
  await setup();
  const missing = Object.keys(cephPackages).filter((program) => !isInstalled(program));
  if (missing.length > 0) await installPackages(missing.map((program) => cephPackages[program]));
  const started = performance.now();
  const server = await startRadosgw();
  process.stderr.write(`radosgw answers after ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  try {
    const given = process.argv.slice(2);
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    await run(process.execPath, [vitest, 'run', ...(given.length > 0 ? given : files)], {
      env: { ...process.env, ...server.environment },
    });
  } finally {
    await server.stop();
  }
});
