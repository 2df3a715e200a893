import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packPlugin, signPackage } from '@jami-plugin-store/jpl';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasProgram, issueByHand, openssl, readMessagePackMap, temporaryFolder } from './openssl.js';

const run = promisify(execFile);
const hasUnzip = await hasProgram('unzip');

describe.skipIf(!hasUnzip)('a package made by this project', () => {
  let folder: string;
  let extracted: string;
  let signatures: ReadonlyMap<string, Buffer>;

  beforeAll(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    await issueByHand(folder);
    await makeSignedPackage();
    extracted = join(folder, 'extracted');
    await run('unzip', ['-q', join(folder, 'signed.jpl'), '-d', extracted]);
    signatures = readMessagePackMap(await readFile(join(extracted, 'signatures')));
    await openssl(
      folder,
      'x509',
      '-in',
      'extracted/ByProject.crt',
      '-noout',
      '-pubkey',
      '-out',
      'plugin.pub',
    );
    await writeFile(join(folder, 'nothing'), '');
    return () => temporary[Symbol.asyncDispose]();
  });

  it('lists exactly its entries', async () => {
    const { stdout } = await run('unzip', ['-Z1', join(folder, 'signed.jpl')]);
    const exempt = ['ByProject.crt', 'signatures', 'signatures.sig'];
    const listed = stdout.split('\n').filter((name) => name !== '' && !exempt.includes(name));
    expect([...signatures.keys()].sort()).toEqual(listed.sort());
    expect(listed).toContain('data/nested/deep.bin');
  });

  it('verifies with openssl entry by entry', async () => {
    for (const [name, signature] of signatures) {
      const content = name.endsWith('/') ? 'nothing' : join('extracted', name);
      expect([name, await verifyByHand(content, signature)]).toEqual([name, 'Verified OK']);
    }
    const overMap = await readFile(join(extracted, 'signatures.sig'));
    expect(await verifyByHand('extracted/signatures', overMap)).toBe('Verified OK');
  });

  it('no longer verifies with openssl once a byte changed', async () => {
    const signature = signatures.get('manifest.json') ?? Buffer.alloc(0);
    const manifest = await readFile(join(extracted, 'manifest.json'), 'utf8');
    await writeFile(join(folder, 'changed.json'), manifest.replace('1.2.3', '1.2.4'));
    await expect(verifyByHand('changed.json', signature)).rejects.toMatchObject({ code: 1 });
  });

  it('carries certificates that openssl verifies', async () => {
    await openssl(folder, 'x509', '-in', 'extracted/ByProject.crt', '-out', 'first.pem');
    const at = String(Date.parse('2026-06-01T00:00:00Z') / 1000);
    const chain = ['-CAfile', 'root.pem', '-untrusted', 'extracted/ByProject.crt', 'first.pem'];
    const { stdout } = await openssl(folder, 'verify', '-x509_strict', '-attime', at, ...chain);
    expect(stdout.trim()).toBe('first.pem: OK');
  });

  async function verifyByHand(content: string, signature: Uint8Array): Promise<string> {
    await writeFile(join(folder, 'one.sig'), signature);
    const args = ['-sha512', '-verify', 'plugin.pub', '-signature', 'one.sig', content];
    return (await openssl(folder, 'dgst', ...args)).stdout.trim();
  }

  async function makeSignedPackage(): Promise<void> {
    const source = join(folder, 'source');
    await mkdir(join(source, 'data', 'nested'), { recursive: true });
    await mkdir(join(source, 'lib', 'x86_64-linux-gnu'), { recursive: true });
    const manifest = { id: 'ByProject', name: 'By project', version: '1.2.3', description: '' };
    await writeFile(join(source, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(source, 'data', 'empty'), '');
    await writeFile(join(source, 'data', 'nested', 'deep.bin'), Buffer.alloc(100_000, 'deep'));
    await writeFile(
      join(source, 'lib', 'x86_64-linux-gnu', 'libByProject.so'),
      Buffer.alloc(9 << 20, 'library'),
    );
    const pems = ['plugin.pem', 'organization.pem'].map((name) => readFile(join(folder, name)));
    const certificatePem = Buffer.concat(await Promise.all(pems));
    const privateKey = createPrivateKey(await readFile(join(folder, 'plugin.key')));
    await packPlugin(source, join(folder, 'unsigned.jpl'));
    const material = { privateKey, certificatePem };
    await signPackage(join(folder, 'unsigned.jpl'), material, join(folder, 'signed.jpl'));
    expect(await readdir(folder)).toContain('signed.jpl');
  }
});
