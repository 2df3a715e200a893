import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { judgePackage, notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasProgram, issueByHand, messagePackMap, signByHand, temporaryFolder } from './openssl.js';

const run = promisify(execFile);
const at = new Date('2026-06-01T00:00:00Z');
const hasZip = await hasProgram('zip');

describe.skipIf(!hasZip)('a package made with openssl and zip alone', () => {
  let folder: string;
  let pluginFolder: string;

  beforeAll(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    pluginFolder = join(folder, 'plugin');
    await issueByHand(folder);
    await mkdir(join(pluginFolder, 'data'), { recursive: true });
    const manifest = {
      id: 'ByHand',
      name: 'By hand',
      version: '1.0.0',
      description: 'Made without the project',
    };
    await writeFile(join(pluginFolder, 'manifest.json'), JSON.stringify(manifest, null, 2));
    await writeFile(join(pluginFolder, 'data', 'icon.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    await writeFile(join(pluginFolder, 'data', 'empty'), '');
    await concatenate(['plugin.pem', 'organization.pem', 'root.pem'], join(pluginFolder, 'ByHand.crt'));
    return () => temporary[Symbol.asyncDispose]();
  });

  it.each([
    ['with the directory entries that zip writes', []],
    ['without directory entries', ['-D']],
    ['without extra fields, stored', ['-X', '-D', '-0']],
  ])('is accepted %s', async (_title, zipOptions) => {
    const withDirectories = !zipOptions.includes('-D');
    const file = await signAndZip(withDirectories, zipOptions);
    await using source = await openFileSource(file);
    const verdict = await judgePackage(await openArchive(source), {
      anchors: parseTrustAnchors(await readFile(join(folder, 'root.pem'))),
      at,
      revocation: 'when-named',
      ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
    });
    expect(verdict.manifest).toMatchObject({ id: 'ByHand', version: '1.0.0', name: 'By hand' });
    expect(verdict.publisher.name).toBe('Organization by hand');
    expect(verdict.path.map(({ subject }) => subject.text)).toEqual([
      'CN=Plugin by hand',
      'CN=Organization by hand,O=Hand',
      'CN=Root by hand',
    ]);
    expect(verdict.revocation.map(({ status }) => status)).toEqual(['not-offered', 'not-offered']);
    expect(verdict.files).toBe(3);
  });

  it('is refused once another key signed the list', async () => {
    await signAndZip(false, ['-D']);
    await run(
      'openssl',
      ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'other.key'],
      {
        cwd: folder,
      },
    );
    const forged = await signByHand(folder, 'other.key', 'plugin/signatures');
    await writeFile(join(pluginFolder, 'signatures.sig'), forged);
    const file = await zip(['-D']);
    await using source = await openFileSource(file);
    const archive = await openArchive(source);
    const anchors = parseTrustAnchors(await readFile(join(folder, 'root.pem')));
    await expect(
      judgePackage(archive, { anchors, at, revocation: 'off', ask: async () => [] }),
    ).rejects.toMatchObject({ name: 'TrustError', code: 'SIGNATURE_OF_MAP_INVALID' });
  });

  async function signAndZip(withDirectories: boolean, zipOptions: readonly string[]): Promise<string> {
    const signatures = new Map<string, Buffer>();
    for (const name of ['manifest.json', 'data/icon.png', 'data/empty']) {
      signatures.set(name, await signByHand(folder, 'plugin.key', `plugin/${name}`));
    }
    // A directory entry is signed over empty content.
    if (withDirectories) signatures.set('data/', await signByHand(folder, 'plugin.key', 'plugin/data/empty'));
    await writeFile(join(pluginFolder, 'signatures'), messagePackMap(signatures));
    const overMap = await signByHand(folder, 'plugin.key', 'plugin/signatures');
    await writeFile(join(pluginFolder, 'signatures.sig'), overMap);
    return await zip(zipOptions);
  }

  async function zip(options: readonly string[]): Promise<string> {
    const made = (await readdir(folder)).filter((name) => name.endsWith('.jpl')).length;
    const file = join(folder, `by-hand-${made}.jpl`);
    await run('zip', ['-q', '-r', ...options, file, '.'], { cwd: pluginFolder });
    return file;
  }

  async function concatenate(names: readonly string[], target: string): Promise<void> {
    const parts = await Promise.all(names.map((name) => readFile(join(folder, name))));
    await writeFile(target, Buffer.concat(parts));
  }
});
