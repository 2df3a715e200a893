/**
 * Work on the user's page in a real browser, in front of a real store and daemon: `node scripts/page-task.mjs screenshots`.
 * Each task is a file of `tests/page`; what it makes lies in the working tree.
 */
import { join } from 'node:path';
import { root, run, runScript, setup } from './setup.mjs';
import { installPackages, isInstalled } from './system-tools.mjs';

await runScript(async () => {
  const [task, ...rest] = process.argv.slice(2);
  if (!/^[a-z-]+$/.test(task ?? ''))
    throw new Error('Say which task: screenshots, record-traces or measure.');
  await setup();
  if (!isInstalled('chromium')) await installPackages(['chromium']);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = ['--config', 'vitest.tasks.config.ts'];
  await run(process.execPath, [vitest, 'run', ...config, `tests/page/${task}.task.ts`, ...rest], {
    env: { ...process.env, NODE_ENV: 'test' },
  });
  if (task === 'record-traces')
    await run(process.execPath, [
      join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome'),
      'format',
      '--write',
      'packages/web/src/how-it-works/recorded',
    ]);
});
