/** The long run of the fault suite, from the build: `npm run test:faults`. Its last line is one JSON object, whatever it found. */
import { join } from 'node:path';
import { root, run, runScript, setup } from './setup.mjs';

await runScript(async () => {
  await setup();
  const main = join(root, 'packages', 'daemon', 'dist', 'faults', 'main.js');
  await run(process.execPath, [main, ...process.argv.slice(2)]);
});
