/**
 * The main job on a fresh machine: setup, then authority, store, daemon and the page with the sample plugins, everything under `.demo/`.
 * `npm start -- --dir FOLDER` keeps it elsewhere, `--no-open` opens no browser.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { root, runScript, setup } from './setup.mjs';

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: join(root, '.demo') },
      'no-open': { type: 'boolean', default: false },
    },
  });
  await setup();
  const { processIo, runCli } = await import(
    pathToFileURL(join(root, 'packages', 'cli', 'dist', 'index.js')).href
  );
  const samples = join(root, 'examples', 'plugins');
  const open = values['no-open'] ? ['--no-open'] : [];
  process.exitCode = await runCli(['up', '--dir', values.dir, '--samples', samples, ...open], processIo());
});
