/**
 * Joins what `jpl` loads into a few files, `packages/cli/dist/bundle/`: a command then starts in a fifth of the time, most of which
 * was finding and reading a thousand small modules (docs/decisions/0007). The launcher takes the bundle while it is newer
 * than everything it was made of, else the modules themselves, so a bundle that is missing or old changes nothing but the time.
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Carry native parts, or look for modules when they run. */
const external = ['koffi', 'sharp', 'libsql', 'better-sqlite3', 'pg-native'];
/** Used by their default export alone. */
const defaultOnly = /node_modules\/fastify\/fastify\.js$/;
/** Some of the libraries are CommonJS and ask for built-in modules when they run. */
const banner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** Files of ours that tell where they are still mean the place they had: others start from there. */
const keepPlaces = (outdir) => ({
  name: 'keep-places',
  setup(build) {
    build.onLoad({ filter: /\.m?js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      if (path.includes(`node_modules`))
        throw new Error(`${path} tells where it is: it has to stay outside of the bundle`);
      const place = JSON.stringify(relative(outdir, path).replaceAll('\\', '/'));
      return { contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`) };
    });
  },
});

/** Parts of an earlier bundle that a running program may still load. */
const keepMs = 24 * 60 * 60_000;

/** Makes the bundle unless it is fresh. @param root  folder of the checkout, built */
export async function bundle(root) {
  const dist = join(root, 'packages', 'cli', 'dist');
  const outdir = join(dist, 'bundle');
  const { isFresh } = await import(pathToFileURL(join(root, 'packages', 'cli', 'bin', 'fresh.js')).href);
  if (isFresh()) return;
  const begun = new Date();
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: [join(dist, 'main.js')],
    outdir,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    mainFields: ['module', 'main'],
    banner: { js: banner },
    plugins: [keepPlaces(outdir)],
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) assertNothingLeftOut(path, text);
  assertNamesKept(metafile);
  await mkdir(outdir, { recursive: true });
  // Parts are named by their content; the main file comes last, and is as old as what it was made of.
  const isMain = ({ path }) => basename(path) === 'main.js';
  for (const { path, contents } of outputFiles.toSorted((a, b) => Number(isMain(a)) - Number(isMain(b)))) {
    await writeFile(`${path}.${process.pid}`, contents);
    if (isMain({ path })) await utimes(`${path}.${process.pid}`, begun, begun);
    await rename(`${path}.${process.pid}`, path);
  }
  await removeOldParts(outdir, new Set(outputFiles.map(({ path }) => path)));
}

/** A module that hides what it asks for (UMD) would miss it only when it runs. */
function assertNothingLeftOut(path, text) {
  const left = /\brequire\w*\(\s*(["'])(\.\.?\/[^"']*)\1/.exec(text);
  if (left !== null) throw new Error(`${path} still asks for ${left[2]}`);
}

/** Of a CommonJS library that is loaded when it is needed, only the default export comes through: a module of ours has to stand between. */
function assertNamesKept({ inputs, outputs }) {
  for (const { imports } of Object.values(outputs)) {
    for (const { kind, path } of imports) {
      const entry = kind === 'dynamic-import' ? outputs[path]?.entryPoint : undefined;
      if (inputs[entry]?.format === 'cjs' && !defaultOnly.test(entry))
        throw new Error(`${entry} is CommonJS and loaded when needed: import it in a module of its own`);
    }
  }
}

async function removeOldParts(outdir, current) {
  for (const name of await readdir(outdir)) {
    const path = join(outdir, name);
    if (!current.has(path) && (await stat(path)).mtimeMs < Date.now() - keepMs)
      await rm(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(dirname(dirname(process.argv[1])));
