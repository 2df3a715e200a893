/** Runs one public suite from the build: `npm run --silent conformance -- paths FILE.json`; see tests/conformance/main.ts. */
import { join } from 'node:path';
import { root, run, runScript, setup } from './setup.mjs';

await runScript(async () => {
  await setup();
  try {
    await run(
      process.execPath,
      [join(root, 'tests', 'dist', 'conformance', 'main.js'), ...process.argv.slice(2)],
      {
        cwd: process.env.INIT_CWD ?? process.cwd(),
      },
    );
  } catch (error) {
    // The runner has said why; its exit code is the answer (2 wrong accept, 1 wrong reject).
    process.exitCode = error.exitCode ?? 2;
  }
});
