/**
 * The long runs of the fault suites, from the build; the last line of each is one JSON object, whatever it found.
 * `npm run test:faults -- [KILLS [UPDATES]]`: the daemon. `npm run test:faults -- store [KILLS]` (200): a store's process.
 * The process that is killed runs from one file: most of so short a life would be the loading of hundreds.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

/** The suite of `npm test`, with more kills; a quarter of them over PostgreSQL. */
async function killStores(kills) {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-faults-'));
  const report = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    await run(process.execPath, [vitest, 'run', 'tests/faults'], {
      env: { ...process.env, JPL_STORE_KILLS: kills, JPL_STORE_KILLS_REPORT: report },
    });
  } finally {
    const figures = await readFile(report, 'utf8').catch(() => '{}');
    process.stdout.write(`${figures}\n`);
    await rm(folder, { recursive: true, force: true });
  }
}

await runScript(async () => {
  await setup();
  if (process.argv[2] === 'store') {
    await killStores(process.argv[3] ?? '200');
    return;
  }
  const dist = join(root, 'packages', 'daemon', 'dist');
  const bundled = join(dist, 'faults-bundle');
  await bundle(join(dist, 'faults', 'killed-child.js'), bundled);
  const [kills = '1000', updates = '2000'] = process.argv.slice(2);
  const child = join(bundled, 'killed-child.js');
  await run(process.execPath, [join(dist, 'faults', 'main.js'), kills, updates, child]);
});
