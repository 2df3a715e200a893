/**
 * Builds the user's page into `packages/web/dist`, where the page's host finds it: bundled, compressed beforehand, weighed.
 * Nothing is done while nothing it is made of has changed. A build that is killed leaves the page as it was.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const [brotli, zip] = [promisify(brotliCompress), promisify(gzip)];
const isCompressible = new Set(['.html', '.js', '.css', '.json', '.svg']);
/** Scripts of the first load, gzipped, in all: what `docs/page.md` promises. */
const budgetBytes = 200_000;
/** Languages are loaded one at a time. */
const isOtherLanguage = /assets\/(?:failures-)?fr-/;

const madeOf = (root) => [
  join(root, 'package-lock.json'),
  join(root, 'scripts', 'build-page.mjs'),
  join(root, 'packages', 'contract', 'src'),
  ...['index.html', 'package.json', 'vite.config.js', 'public', 'src'].map((name) =>
    join(root, 'packages', 'web', name),
  ),
];

async function filesIn(path) {
  try {
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
}

/** SHA-256 over the names and contents of everything the page is made of. */
async function digestOf(root) {
  const files = (await Promise.all(madeOf(root).map(filesIn))).flat();
  const hash = createHash('sha256');
  for (const file of files.filter((name) => !/\.test\.tsx?$/.test(name)).sort()) {
    hash
      .update(relative(root, file))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

async function isFresh(stampFile, digest, dist) {
  try {
    const [stamp] = await Promise.all([readFile(stampFile, 'utf8'), readFile(join(dist, 'index.html'))]);
    return stamp === digest;
  } catch {
    return false;
  }
}

async function compress(folder) {
  for (const file of await filesIn(folder)) {
    if (!isCompressible.has(extname(file))) continue;
    const bytes = await readFile(file);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
    await writeFile(`${file}.br`, await brotli(bytes, quality));
    await writeFile(`${file}.gz`, await zip(bytes, { level: 9 }));
  }
}

/** Which scripts a browser loads before it shows the first screen: those of the document, and one language. */
async function firstScripts(folder) {
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, name]) => name);
  const languages = (await filesIn(join(folder, 'assets')))
    .map((file) => relative(folder, file).replaceAll('\\', '/'))
    .filter((name) => /assets\/(?:failures-)?en-[\w-]+\.js$/.test(name) && !isOtherLanguage.test(name));
  return [...new Set([...named, ...languages])];
}

/** Gzipped bytes of the first load's scripts. @throws where it is over its budget */
async function weigh(folder) {
  const scripts = await firstScripts(folder);
  const sizes = await Promise.all(
    scripts.map(async (name) => (await readFile(join(folder, `${name}.gz`))).length),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > budgetBytes) {
    const list = scripts.map((name, index) => `  ${sizes[index]}  ${name}`).join('\n');
    throw new Error(
      `The page's first load is ${bytes} bytes of gzipped script, over ${budgetBytes}:\n${list}`,
    );
  }
  return bytes;
}

/** Vite's build sets NODE_ENV for the whole process; whoever runs afterwards, tests above all, must not find it there. */
async function viteBuild(web, outDir) {
  const { NODE_ENV } = process.env;
  try {
    const { build } = await import('vite');
    await build({ root: web, configFile: join(web, 'vite.config.js'), logLevel: 'warn', build: { outDir } });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}

/** Makes the page unless it is fresh. @param root  folder of the checkout */
export async function buildPage(root) {
  const web = join(root, 'packages', 'web');
  const dist = join(web, 'dist');
  const work = join(web, '.build', 'page');
  const stampFile = join(web, '.build', 'page.sha256');
  const digest = await digestOf(root);
  if (await isFresh(stampFile, digest, dist)) return;
  process.stderr.write('building the page…\n');
  const next = join(work, `next-${process.pid}`);
  const old = join(work, `old-${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    await viteBuild(web, next);
    await compress(next);
    const bytes = await weigh(next);
    await rm(stampFile, { force: true });
    await rename(dist, old).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(next, dist);
    await writeFile(stampFile, digest);
    process.stderr.write(`built the page: ${bytes} bytes of gzipped script for its first screen\n`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPage(dirname(dirname(process.argv[1])));
