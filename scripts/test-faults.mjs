/**
 * The long run of the fault suite, from the build: `npm run test:faults -- [KILLS [UPDATES]]`. Its last line is one JSON object, whatever it found.
 * The process that is killed runs from one file: most of so short a life would be the loading of hundreds.
 */
import { join } from 'node:path';
import { root, run, runScript, setup } from './setup.mjs';

/** Node 20 has no such module; its only user, an optional part of undici, asks for it when needed, a bundle at once. */
const withoutModule = (name) => ({
  name: `without-${name}`,
  enforce: 'pre',
  resolveId: (id) => (id === name ? '\0nothing' : undefined),
  load: (id) => (id === '\0nothing' ? 'export default {};' : undefined),
});

async function bundle(entry, outDir) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    plugins: [withoutModule('node:sqlite')],
    ssr: { noExternal: true, external: ['koffi', 'dbus-native'] },
    build: { ssr: entry, outDir, target: 'node20', minify: false, emptyOutDir: true },
  });
}

await runScript(async () => {
  await setup();
  const dist = join(root, 'packages', 'daemon', 'dist');
  const bundled = join(dist, 'faults-bundle');
  await bundle(join(dist, 'faults', 'killed-child.js'), bundled);
  const [kills = '1000', updates = '2000'] = process.argv.slice(2);
  const child = join(bundled, 'killed-child.js');
  await run(process.execPath, [join(dist, 'faults', 'main.js'), kills, updates, child]);
});
