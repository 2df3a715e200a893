/**
 * All checks of the project, from a fresh clone: setup (which type-checks), lint, import directions, unused code, tests.
 * A failing check does not hide the ones after it. JPL_TEST_REPORT names a file for the test runner's JSON report.
 */
import { join } from 'node:path';
import { npm, root, run, runScript, setup } from './setup.mjs';
import { installTools } from './system-tools.mjs';

const bin = (name, ...path) => join(root, 'node_modules', name, ...path);

await runScript(async () => {
  await setup();
  await installTools();
  const failed = [];
  const check = async (name, action) => {
    try {
      await action();
    } catch (error) {
      failed.push(name);
      process.stderr.write(`${name} failed: ${error.message}\n`);
    }
  };
  await check('lint', () => npm(['run', '--silent', 'lint']));
  const report = process.env.JPL_TEST_REPORT;
  const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
  await check('tests', () =>
    run(process.execPath, [bin('vitest', 'vitest.mjs'), 'run', ...reporters, ...process.argv.slice(2)], {
      // A machine that says "production" would get a React without what its tests need.
      env: { ...process.env, NODE_ENV: 'test' },
    }),
  );
  if (failed.length > 0) throw new Error(`failed: ${failed.join(', ')}`);
});
