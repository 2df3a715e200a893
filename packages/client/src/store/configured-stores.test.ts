import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { rejection, temporaryFolder } from '../network/test-server-fixtures.js';
import { addStore, listStores, removeStore, storesFileOf } from './configured-stores.js';

let rootPem: string;
let sha256: string;

beforeAll(async () => {
  await using folder = await temporaryFolder();
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=Root',
  ];
  rootPem = execFileSync('openssl', [...make, '-keyout', join(folder.path, 'key.pem')], {
    stdio: 'pipe',
  }).toString();
  const der = execFileSync('openssl', ['x509', '-outform', 'DER'], { input: rootPem, stdio: 'pipe' });
  sha256 = createHash('sha256').update(der).digest('hex');
});

async function refused(promise: Promise<unknown>): Promise<ClientError> {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

describe('configured stores', () => {
  test('are added, listed and removed; the file is private', async () => {
    await using folder = await temporaryFolder();
    const dataDir = join(folder.path, 'data');
    expect(await listStores(dataDir)).toEqual([]);
    const colons = sha256.toUpperCase().replace(/(..)(?=.)/g, '$1:');
    const first = await addStore(dataDir, {
      name: 'main',
      url: 'https://store.example/jami?x',
      rootPem,
      sha256: colons,
    });
    expect(first).toEqual({ name: 'main', url: 'https://store.example/jami/', rootPem, rootSha256: sha256 });
    const second = await addStore(dataDir, { name: 'local', url: 'http://127.0.0.1:8080', rootPem, sha256 });
    expect(await listStores(dataDir)).toEqual([first, second]);
    const path = storesFileOf(dataDir);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dirname(path))).toEqual(['stores.json']);
    await removeStore(dataDir, 'main');
    expect(await listStores(dataDir)).toEqual([second]);
    expect((await refused(removeStore(dataDir, 'main'))).code).toBe('STORE_NOT_CONFIGURED');
    const again = addStore(dataDir, { name: 'local', url: 'https://other.example', rootPem, sha256 });
    expect((await refused(again)).code).toBe('STORE_NAME_TAKEN');
  });

  test.each([
    ['a name of a path', { name: '../x' }, 'STORE_NAME_INVALID'],
    ['an empty name', { name: '' }, 'STORE_NAME_INVALID'],
    ['a name with a line break', { name: 'x\n' }, 'STORE_NAME_INVALID'],
    ['an unencrypted address', { url: 'http://store.example' }, 'STORE_URL_INSECURE'],
    ['no address', { url: 'store.example' }, 'STORE_URL_INVALID'],
    ['credentials in the address', { url: 'https://a:b@store.example' }, 'STORE_URL_INVALID'],
    ['another digest', { sha256: 'ab'.repeat(32) }, 'ROOT_DIGEST_MISMATCH'],
    ['a short digest', { sha256: 'ab' }, 'ROOT_DIGEST_INVALID'],
    ['no PEM', { rootPem: 'root' }, 'ROOT_CERTIFICATE_INVALID'],
    [
      'a PEM of nothing',
      { rootPem: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----' },
      'ROOT_CERTIFICATE_INVALID',
    ],
    [
      'a PEM of junk',
      { rootPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      'ROOT_CERTIFICATE_INVALID',
    ],
  ])('refuses %s', async (_, change, code) => {
    await using folder = await temporaryFolder();
    const good = { name: 'main', url: 'https://store.example', rootPem, sha256 };
    expect((await refused(addStore(folder.path, { ...good, ...change }))).code).toBe(code);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('refuses two certificates, a private key beside one, and bytes behind one', async () => {
    await using folder = await temporaryFolder();
    const der = Buffer.from(rootPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const longer = Buffer.concat([der, Buffer.from([0x05, 0x00])]).toString('base64');
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
    const behind = `-----BEGIN CERTIFICATE-----\n${longer}\n-----END CERTIFICATE-----\n`;
    for (const pem of [rootPem + rootPem, rootPem + key, behind]) {
      const adding = addStore(folder.path, {
        name: 'main',
        url: 'https://store.example',
        rootPem: pem,
        sha256,
      });
      expect((await refused(adding)).code).toBe('ROOT_CERTIFICATE_INVALID');
    }
  });

  test('a file that was tampered with is not believed, and not overwritten', async () => {
    await using folder = await temporaryFolder();
    const path = storesFileOf(folder.path);
    await mkdir(dirname(path), { recursive: true });
    const good = { name: 'main', url: 'https://store.example/', rootPem, rootSha256: sha256 };
    const hostile: [unknown, RegExp][] = [
      ['{', /not JSON/],
      ['{}', /not a list/],
      ['[{"name":"x"}]', /not a list/],
      [Buffer.from([0xff]), /UTF-8/],
      [JSON.stringify([{ ...good, url: 'http://evil.example/' }]), /main.*not encrypted/],
      [JSON.stringify([{ ...good, rootSha256: 'ab'.repeat(32) }]), /main.*SHA-256/],
      [JSON.stringify([{ ...good, extra: 1 }]), /not a list/],
      [JSON.stringify([good, good]), /same name/],
      [Buffer.alloc(9 * 1024 * 1024, ' '), /too large/],
    ];
    for (const [content, reason] of hostile) {
      await writeFile(path, content as string);
      const error = await refused(listStores(folder.path));
      expect([error.code, error.at]).toEqual(['STORES_FILE_INVALID', path]);
      expect(error.message).toMatch(reason);
      const adding = addStore(folder.path, { name: 'new', url: 'https://store.example', rootPem, sha256 });
      expect((await refused(adding)).code).toBe('STORES_FILE_INVALID');
      expect((await readFile(path)).equals(Buffer.from(content as string))).toBe(true);
    }
    const readable = await refused(listStores(join(path, 'x')));
    expect(readable.code).toBe('STORES_FILE_NOT_READABLE');
  });

  test('says when the file cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'jpl'), 'a file where the folder belongs');
    const adding = addStore(folder.path, { name: 'main', url: 'https://store.example', rootPem, sha256 });
    expect((await refused(adding)).code).toMatch(/^STORES_FILE_NOT_/);
  });
});
