import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createPublishing,
  jpl,
  namesIn,
  type Place,
  type Publishing,
  temporaryFolder,
  writePlugin,
} from '../cli-fixtures.js';

const run = promisify(execFile);

let shared: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let place: Place;
let tests = 0;

beforeAll(async () => {
  shared = await temporaryFolder();
  publishing = await createPublishing(shared.path);
  await publishing.sign({ id: 'Demo', version: '1.0.0' });
});
afterAll(() => shared[Symbol.asyncDispose]());
beforeEach(async () => {
  tests += 1;
  place = { cwd: join(shared.path, `test-${tests}`) };
  await mkdir(place.cwd);
});
const at = (name: string): string => join(place.cwd, name);
const openssl = async (...args: string[]) => (await run('openssl', args, { cwd: place.cwd })).stdout;

describe('jpl csr', () => {
  const csr = (...args: string[]) => jpl(place, 'csr', '--cn', 'Demo', '--key-type', 'ec-p256', ...args);

  it('makes a private key and a request that openssl verifies', async () => {
    const subject = [
      '--organization',
      'Ocean',
      '--unit',
      'Tide',
      '--locality',
      'Brest',
      '--state',
      'Finistère',
    ];
    const ran = await csr(...subject, '--country', 'FR', '--email', 'sea@example.org', '--json');
    expect([ran.code, ran.json()]).toEqual([0, { csr: at('plugin.csr'), key: at('plugin.key') }]);
    expect((await stat(at('plugin.key'))).mode & 0o777).toBe(0o600);
    const shown = await openssl(
      'req',
      '-in',
      'plugin.csr',
      '-verify',
      '-noout',
      '-subject',
      '-nameopt',
      'utf8,sep_comma_plus',
    );
    for (const part of [
      'CN=Demo',
      'O=Ocean',
      'OU=Tide',
      'L=Brest',
      'ST=Finistère',
      'C=FR',
      'sea@example.org',
    ]) {
      expect(shown).toContain(part);
    }
  });

  it('encrypts the key with the passphrase of the environment', async () => {
    place = { ...place, env: { JPL_KEY_PASSPHRASE: 'correct horse' } };
    const ran = await csr();
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).not.toContain('horse');
    expect(await readFile(at('plugin.key'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
    await openssl('pkey', '-in', 'plugin.key', '-passin', 'pass:correct horse', '-noout');

    const again = ['--key', 'plugin.key', '-o', 'again.csr'];
    expect(await csr(...again)).toMatchObject({ code: 0 });
    const wrong = await jpl(
      { ...place, env: {} },
      'csr',
      '--cn',
      'Demo',
      '--key',
      'plugin.key',
      '-o',
      'no.csr',
    );
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/JPL_KEY_PASSPHRASE\)\n {2}code: KEY_NOT_READABLE/);
    expect(await namesIn(place.cwd)).toEqual(['again.csr', 'plugin.csr', 'plugin.key']);
  });

  it.each([
    ['plugin.key', ['plugin.key']],
    ['plugin.csr', ['plugin.csr']],
  ])('never overwrites %s, and makes nothing then', async (name, left) => {
    await writeFile(at(name), 'precious');
    const ran = await csr('--json');
    expect([ran.code, ran.json().code]).toEqual([2, 'FILE_EXISTS']);
    expect(await readFile(at(name), 'utf8')).toBe('precious');
    expect(await namesIn(place.cwd)).toEqual(left);
  });

  it('does not write through a link', async () => {
    await symlink('elsewhere.key', at('plugin.key'));
    expect(await csr()).toMatchObject({ code: 2 });
    expect(await namesIn(place.cwd)).toEqual(['plugin.key']);
  });

  it.each([
    [['--country', 'France'], 'CSR_SUBJECT_INVALID', 1],
    [['--organization', 'a\u202eb'], 'CSR_SUBJECT_INVALID', 1],
    [['-o', 'no/such/folder.csr'], 'FILE_NOT_WRITABLE', 2],
    [['--key', 'missing.key'], 'FILE_NOT_FOUND', 2],
    [['--key', '.'], 'NOT_A_FILE', 2],
  ])('%j: %s', async (args, code, exitCode) => {
    const ran = await csr(...args, '--json');
    expect([ran.code, ran.json()]).toEqual([exitCode, { code, message: expect.any(String) }]);
    expect(await namesIn(place.cwd)).toEqual([]);
  });
});

describe('jpl pack', () => {
  it('packs a folder into <folder>.jpl of the current folder, the same bytes each time', async () => {
    await writePlugin(place.cwd, { id: 'Demo', version: '2.0.0' });
    const ran = await jpl(place, 'pack', 'Demo-2.0.0', '--json');
    const file = at('Demo-2.0.0.jpl');
    expect([ran.code, ran.json()]).toEqual([0, { file, id: 'Demo', version: '2.0.0', signed: false }]);
    expect(await jpl(place, 'pack', 'Demo-2.0.0/', '-o', 'again.jpl')).toMatchObject({
      code: 0,
      out: `${at('again.jpl')}: Demo 2.0.0, not signed yet\n`,
    });
    expect(await readFile(at('again.jpl'))).toEqual(await readFile(file));
  });

  it.each([
    ['missing', 2, 'FILE_NOT_FOUND', async () => undefined],
    ['plugin', 1, 'MANIFEST_MISSING', () => mkdir(at('plugin'))],
    [
      'plugin',
      1,
      'PLUGIN_ID_INVALID',
      async () => {
        await mkdir(at('plugin'));
        await writeFile(at('plugin/manifest.json'), '{"id":"../x","name":"x","version":"1"}');
      },
    ],
    [
      'plugin',
      1,
      'MANIFEST_MALFORMED',
      async () => {
        await mkdir(at('plugin'));
        await writeFile(at('plugin/manifest.json'), '{');
      },
    ],
    [
      'plugin',
      1,
      'LINK',
      async () => {
        await mkdir(at('plugin'));
        await symlink('/etc/passwd', at('plugin/manifest.json'));
      },
    ],
  ])('%s: exit %i, %s', async (name, exitCode, code, prepare) => {
    await prepare();
    const ran = await jpl(place, 'pack', name, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
    expect((await namesIn(place.cwd)).filter((found) => found.endsWith('.jpl'))).toEqual([]);
  });

  it('leaves the package that was there when packing fails', async () => {
    await mkdir(at('plugin'));
    await writeFile(at('plugin.jpl'), 'precious');
    expect(await jpl(place, 'pack', 'plugin')).toMatchObject({ code: 1 });
    expect(await readFile(at('plugin.jpl'), 'utf8')).toBe('precious');
  });
});

describe('jpl sign', () => {
  const material = ['--key', '../Demo.key', '--cert', '../Demo.pem'];
  const sign = (...args: string[]) => jpl(place, 'sign', 'Demo-1.jpl', ...args);

  beforeEach(async () => {
    await writePlugin(place.cwd, { id: 'Demo', version: '1' });
    await jpl(place, 'pack', 'Demo-1');
  });

  it('signs into another file or in place, also what was signed before', async () => {
    const unsigned = await readFile(at('Demo-1.jpl'));
    const apart = await sign(...material, '-o', 'signed.jpl', '--json');
    expect([apart.code, apart.json()]).toEqual([
      0,
      { file: at('signed.jpl'), id: 'Demo', version: '1', signed: true },
    ]);
    expect(await readFile(at('Demo-1.jpl'))).toEqual(unsigned);
    expect(await sign(...material)).toMatchObject({ code: 0, out: `${at('Demo-1.jpl')}: Demo 1, signed\n` });
    expect(await sign(...material)).toMatchObject({ code: 0 });
    expect(await readFile(at('Demo-1.jpl'))).toEqual(await readFile(at('signed.jpl')));
    const trusting = ['--trust-anchor', publishing.root, '--revocation', 'off'];
    expect(await jpl(place, 'verify', 'Demo-1.jpl', ...trusting)).toMatchObject({ code: 0 });
  });

  it.each([
    ['another key', ['--key', 'other.key', '--cert', '../Demo.pem'], 1, 'SIGNING_KEY_MISMATCH'],
    ['an EC key', ['--key', 'ec.key', '--cert', '../Demo.pem'], 1, 'SIGNING_KEY_UNSUITABLE'],
    ['a certificate for a key', ['--key', '../Demo.pem', '--cert', '../Demo.pem'], 2, 'KEY_NOT_READABLE'],
    ['a key for a certificate', ['--key', '../Demo.key', '--cert', '../Demo.key'], 1, expect.any(String)],
    ['no such key', ['--key', 'missing', '--cert', '../Demo.pem'], 2, 'FILE_NOT_FOUND'],
    ['no such certificate', ['--key', '../Demo.key', '--cert', 'missing'], 2, 'FILE_NOT_FOUND'],
  ])('refuses %s, and leaves the package', async (_what, args, exitCode, code) => {
    await openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', 'other.key');
    await openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'ec.key');
    const before = await readFile(at('Demo-1.jpl'));
    const names = await namesIn(place.cwd);
    const ran = await sign(...args, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
    expect(ran.out).not.toContain('PRIVATE');
    expect(await readFile(at('Demo-1.jpl'))).toEqual(before);
    expect(await namesIn(place.cwd)).toEqual(names);
  });

  it.each([
    ['missing.jpl', 2, 'FILE_NOT_FOUND'],
    ['Demo-1', 2, 'NOT_A_FILE'],
    ['empty.jpl', 1, 'EMPTY_FILE'],
    ['../Demo.pem', 1, 'NOT_A_ZIP'],
  ])('%s: exit %i, %s', async (name, exitCode, code) => {
    await writeFile(at('empty.jpl'), '');
    const ran = await jpl(place, 'sign', name, ...material, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
  });
});
