/** Runs one benchmark from the build: `npm run bench -- verify`. */
import { join } from 'node:path';
import { root, run, runScript, setup } from './setup.mjs';

await runScript(async () => {
  await setup();
  await run(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)]);
});
