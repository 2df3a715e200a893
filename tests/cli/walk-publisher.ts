import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Shell } from './jpl-process.js';

const run = promisify(execFile);

export const openssl = async (shell: Shell, ...args: string[]): Promise<string> =>
  (await run('openssl', args, { cwd: shell.cwd })).stdout;

/** A key and a certificate request by `openssl req` alone. */
export async function requestByHand(
  shell: Shell,
  name: string,
  subject: string,
  ...key: string[]
): Promise<void> {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
  await openssl(shell, 'req', '-new', '-nodes', '-subj', subject, '-newkey', ...key, ...files);
}

/** A plugin's folder as an author has it; `bulk` bytes nothing compresses. */
async function writePlugin(shell: Shell, id: string, version: string, bulk = 1_000): Promise<string> {
  const folder = shell.at(`${id}-${version}`);
  await mkdir(`${folder}/data`, { recursive: true });
  const manifest = { id, name: `The ${id}`, version, description: `What ${id} does` };
  await writeFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  await writeFile(`${folder}/data/bulk.bin`, randomBytes(bulk));
  return folder;
}

/** Packs and signs a version of a plugin that `<id>.key` and `<id>.pem` belong to. */
export async function makePackage(shell: Shell, id: string, version: string, bulk?: number): Promise<string> {
  const file = shell.at(`${id}-${version}.jpl`);
  await shell.done('pack', await writePlugin(shell, id, version, bulk), '-o', file);
  await shell.done('sign', file, '--key', `${id}.key`, '--cert', `${id}.pem`);
  return file;
}

/** An authority in `ca/` with an organization whose key it holds. @returns the organization's issuer id */
export async function makeAuthority(shell: Shell, port: number): Promise<string> {
  const baseUrl = `http://127.0.0.1:${port}`;
  await shell.done('ca', 'init', '--data-dir', 'ca', '--name', 'Walk Root', '--base-url', baseUrl);
  const { issuerId } = await shell.done('ca', 'issue', '--data-dir', 'ca', '--hosted', 'Walkers');
  return issuerId ?? '';
}

/** A plugin's key by `jpl csr`, and its certificate. */
export async function certifyPlugin(shell: Shell, id: string, issuer: string): Promise<void> {
  await shell.done('csr', '--cn', id, '--key-type', 'rsa-2048', '--key-out', `${id}.key`, '-o', `${id}.csr`);
  await shell.done(
    'ca',
    'issue',
    '--data-dir',
    'ca',
    '--csr',
    `${id}.csr`,
    '--issuer',
    issuer,
    '-o',
    `${id}.pem`,
  );
}
