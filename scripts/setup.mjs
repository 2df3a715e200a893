/**
 * Makes a checkout ready to run: dependencies exactly as in the lockfile, then the build.
 * Plain Node with nothing installed, because it is what installs. Safe to call any number of times.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from './build-page.mjs';
import { bundle } from './bundle.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, 'node_modules', '.installed-lockfile');
const oldestNode = [20, 19];

/** Refuses a Node this project does not run on, and says so when the running one gets no more fixes. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new Error(`Node ${oldestNode.join('.')} or newer is needed; this is ${process.version}`);
  }
  if (major === 20) {
    process.stderr.write(
      `note: Node ${process.version} is out of support since April 2026; Node 24 is the safer choice\n`,
    );
  }
}

/** Runs a command with inherited output; rejects on a non-zero exit. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else {
        const error = new Error(`${command} ${args.join(' ')} ended with ${signal ?? `code ${code}`}`);
        reject(Object.assign(error, { exitCode: code ?? 1 }));
      }
    });
  });
}

/** npm itself: the one that started us, else the one on the PATH. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) return run(process.execPath, [cli, ...args], options);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
    shell: process.platform === 'win32',
    ...options,
  });
}

async function lockfileDigest() {
  return createHash('sha256')
    .update(await readFile(join(root, 'package-lock.json')))
    .digest('hex');
}

async function installIfNeeded() {
  const wanted = await lockfileDigest();
  if (existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === wanted) return;
  process.stderr.write('installing dependencies from the lockfile…\n');
  await npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  });
  await mkdir(dirname(stampFile), { recursive: true });
  await writeFile(`${stampFile}.tmp`, wanted);
  await rename(`${stampFile}.tmp`, stampFile);
}

/** Type-checks, compiles and bundles every room; incremental, so a second call is quick. */
export async function build() {
  await run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--build'], {
    stdio: ['ignore', 2, 2],
  });
  await bundle(root);
  await buildPage(root);
}

/** Everything a fresh clone needs before it can run or be tested. */
export async function setup() {
  checkNode();
  await installIfNeeded();
  await build();
}

/** Runs `main` and turns a failure into one line and an exit code, without a stack trace. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
