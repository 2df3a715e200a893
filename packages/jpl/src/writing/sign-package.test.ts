import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Archive } from '../archive/archive.js';
import { openFileSource } from '../archive/file-source.js';
import { openArchive } from '../archive/open-archive.js';
import { assertSignatureMapCovers, decodeSignatureMap } from '../package/signature-map.js';
import {
  findCertificateEntry,
  findSignatureMapEntry,
  findSignatureOfMapEntry,
  signedEntries,
} from '../package/signed-entries.js';
import { packPlugin, signPackage } from './pack-plugin.js';
import { readPluginFolder } from './plugin-folder.js';
import { signEntries } from './sign-entries.js';
import { createTestSigner, type TestSigner } from './signing-fixtures.js';
import { writeArchive } from './write-archive.js';

let signer: TestSigner;
let plugin: string;
beforeAll(async () => {
  signer = await createTestSigner();
  plugin = join(signer.folder, 'plugin');
  await mkdir(join(plugin, 'data', 'locale'), { recursive: true });
  await mkdir(join(plugin, 'lib', 'x86_64-linux-gnu'), { recursive: true });
  await mkdir(join(plugin, 'empty'));
  await writeFile(join(plugin, 'manifest.json'), '{"name":"Greeter","version":"1.2.3"}');
  await writeFile(join(plugin, 'data', 'locale', 'Greeter_fr.json'), '{}');
  await writeFile(join(plugin, 'data', 'empty.txt'), '');
  await writeFile(
    join(plugin, 'lib', 'x86_64-linux-gnu', 'libGreeter.so'),
    Buffer.alloc(9_000_000, 'machine code'),
  );
});
afterAll(() => signer[Symbol.asyncDispose]());

async function withArchive<T>(path: string, work: (archive: Archive) => Promise<T>): Promise<T> {
  await using source = await openFileSource(path);
  return await work(await openArchive(source));
}

/** Verifies every signature of a package with openssl alone. */
async function verifyWithOpenssl(path: string): Promise<string[]> {
  const folder = await stat(join(signer.folder, 'verify')).then(
    () => join(signer.folder, 'verify'),
    async () => {
      await mkdir(join(signer.folder, 'verify'));
      return join(signer.folder, 'verify');
    },
  );
  const publicKey = join(folder, 'public.pem');
  execFileSync('openssl', ['x509', '-in', signer.certificateFile, '-pubkey', '-noout', '-out', publicKey]);
  const verify = async (content: Buffer, signature: Buffer) => {
    await writeFile(join(folder, 'content'), content);
    await writeFile(join(folder, 'signature'), signature);
    const args = [
      'dgst',
      '-sha512',
      '-verify',
      publicKey,
      '-signature',
      join(folder, 'signature'),
      join(folder, 'content'),
    ];
    expect(execFileSync('openssl', args, { encoding: 'utf8' })).toBe('Verified OK\n');
  };
  return withArchive(path, async (archive) => {
    const mapBytes = await archive.read(findSignatureMapEntry(archive));
    const map = decodeSignatureMap(mapBytes);
    assertSignatureMapCovers(map, archive);
    await verify(mapBytes, await archive.read(findSignatureOfMapEntry(archive)));
    for (const entry of signedEntries(archive))
      await verify(await archive.read(entry), map.get(entry.name) ?? Buffer.alloc(0));
    expect(await archive.read(findCertificateEntry(archive))).toEqual(signer.certificatePem);
    return [...map.keys()];
  });
}

describe('packing and signing', () => {
  it('make a package whose every signature openssl verifies', async () => {
    const unsigned = join(signer.folder, 'unsigned.jpl');
    const signed = join(signer.folder, 'signed.jpl');
    expect(await packPlugin(plugin, unsigned)).toMatchObject({ id: 'Greeter', version: '1.2.3' });
    expect(await signPackage(unsigned, signer, signed)).toMatchObject({ id: 'Greeter' });
    expect(await verifyWithOpenssl(signed)).toEqual([
      'data/empty.txt',
      'data/locale/Greeter_fr.json',
      'lib/x86_64-linux-gnu/libGreeter.so',
      'manifest.json',
    ]);
  });

  it('sign folders over empty content, as Jami does', async () => {
    const unsigned = join(signer.folder, 'folders.jpl');
    const entries = [
      { name: 'manifest.json', data: Buffer.from('{"name":"Greeter","version":"1"}') },
      { name: 'data/', data: Buffer.alloc(0) },
      { name: 'data/x', data: Buffer.from('x') },
    ];
    await writeArchive(entries, unsigned);
    const signed = join(signer.folder, 'folders-signed.jpl');
    await signPackage(unsigned, signer, signed);
    expect(await verifyWithOpenssl(signed)).toEqual(['data/', 'data/x', 'manifest.json']);
  });

  it('replace earlier signatures, also in place, and end in the same bytes', async () => {
    const file = join(signer.folder, 'twice.jpl');
    await packPlugin(plugin, file);
    await signPackage(file, signer, file);
    const once = await readFile(file);
    await signPackage(file, signer, file);
    expect((await readFile(file)).equals(once)).toBe(true);
  });

  it('take the certificate and signature files of an earlier run out, wherever the id changed', async () => {
    const entries = [
      'old.crt',
      'OLD2.CRT',
      'signatures',
      'signatures.sig',
      'data/kept.crt',
      'data/signatures',
    ].map((name) => ({
      name,
      data: Buffer.from('old'),
    }));
    const signed = await signEntries({ ...signer, entries, id: 'Greeter' });
    expect(signed.map(({ name }) => name)).toEqual([
      'Greeter.crt',
      'data/kept.crt',
      'data/signatures',
      'signatures',
      'signatures.sig',
    ]);
  });

  it('need an RSA key of 2048 bits that belongs to the certificate', async () => {
    await using other = await createTestSigner();
    await using weak = await createTestSigner(['-newkey', 'rsa:1024']);
    await using elliptic = await createTestSigner(['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']);
    const { certificatePem } = signer;
    const sign = (material: Parameters<typeof signEntries>[0]) => signEntries(material);
    const rest = { entries: [], id: 'Greeter' };
    await expect(sign({ ...rest, certificatePem, privateKey: other.privateKey })).rejects.toMatchObject({
      code: 'SIGNING_KEY_MISMATCH',
    });
    await expect(sign({ ...rest, ...weak })).rejects.toMatchObject({ code: 'SIGNING_KEY_UNSUITABLE' });
    await expect(sign({ ...rest, ...elliptic })).rejects.toMatchObject({ code: 'SIGNING_KEY_UNSUITABLE' });
    const garbage = { ...rest, privateKey: signer.privateKey, certificatePem: Buffer.from('garbage') };
    await expect(sign(garbage)).rejects.toMatchObject({ code: 'SIGNING_KEY_MISMATCH' });
    await expect(sign({ ...rest, ...signer, id: '../x' })).rejects.toMatchObject({
      code: 'PLUGIN_ID_INVALID',
    });
  });

  it('leave no file when the package cannot be signed', async () => {
    const folder = join(signer.folder, 'nothing');
    await mkdir(folder);
    await writeArchive([{ name: 'data', data: Buffer.from('x') }], join(folder, 'no-manifest.jpl'));
    await expect(
      signPackage(join(folder, 'no-manifest.jpl'), signer, join(folder, 'out.jpl')),
    ).rejects.toMatchObject({
      code: 'MANIFEST_MISSING',
    });
    expect(await readdir(folder)).toEqual(['no-manifest.jpl']);
  });
});

describe('readPluginFolder', () => {
  it('lists files sorted, without empty folders, large ones by path', async () => {
    const entries = await readPluginFolder(plugin);
    expect(entries.map(({ name }) => name)).toEqual([
      'data/empty.txt',
      'data/locale/Greeter_fr.json',
      'lib/x86_64-linux-gnu/libGreeter.so',
      'manifest.json',
    ]);
    expect(entries.map(({ data }) => Buffer.isBuffer(data))).toEqual([true, true, false, true]);
  });

  it('gives the same package for the same files, whatever their times', async () => {
    const first = join(signer.folder, 'first.jpl');
    const second = join(signer.folder, 'second.jpl');
    await packPlugin(plugin, first);
    await utimes(join(plugin, 'manifest.json'), new Date(0), new Date(86_400_000));
    await packPlugin(plugin, second);
    expect((await readFile(first)).equals(await readFile(second))).toBe(true);
  });

  it.skipIf(process.platform === 'win32')('refuses links and special files', async () => {
    const folder = join(signer.folder, 'linked');
    await mkdir(folder);
    await symlink('/etc/passwd', join(folder, 'link'));
    await expect(readPluginFolder(folder)).rejects.toMatchObject({ code: 'LINK', entry: 'link' });
    const special = join(signer.folder, 'special');
    await mkdir(special);
    execFileSync('mkfifo', [join(special, 'pipe')]);
    await expect(readPluginFolder(special)).rejects.toMatchObject({ code: 'SPECIAL_FILE', entry: 'pipe' });
  });

  it.skipIf(process.platform === 'win32')('refuses names no package may hold', async () => {
    const folder = join(signer.folder, 'names');
    await mkdir(folder);
    await writeFile(join(folder, 'what?'), '');
    await expect(readPluginFolder(folder)).rejects.toMatchObject({
      code: 'NAME_FORBIDDEN_CHARACTER',
      entry: 'what?',
    });
  });

  it.skipIf(process.platform !== 'linux')('refuses names that are not UTF-8', async () => {
    const folder = join(signer.folder, 'bytes');
    await mkdir(folder);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]), '');
    await expect(readPluginFolder(folder)).rejects.toMatchObject({ code: 'NAME_NOT_UTF8' });
  });

  it('says so when there is no folder or no manifest', async () => {
    await expect(readPluginFolder(join(signer.folder, 'absent'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    await expect(readPluginFolder(signer.certificateFile)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const folder = join(signer.folder, 'bare');
    await mkdir(folder);
    await expect(packPlugin(folder, join(signer.folder, 'bare.jpl'))).rejects.toMatchObject({
      code: 'MANIFEST_MISSING',
    });
  });
});
