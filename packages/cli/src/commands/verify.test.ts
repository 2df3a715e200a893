import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cp, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packPlugin, signPackage } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPublishing,
  jpl,
  namesIn,
  type Publishing,
  temporaryFolder,
  terminalControls,
  writePlugin,
} from '../cli-fixtures.js';

const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let file: string;
const at = (name: string): string => join(folder.path, name);
const verify = (...args: string[]) => jpl(publishing.place, 'verify', ...args);

beforeAll(async () => {
  folder = await temporaryFolder();
  publishing = await createPublishing(folder.path);
  file = await publishing.sign({ id: 'Demo', version: '1.2.0' });
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('jpl verify', () => {
  const trusting = ['--trust-anchor', 'ca/root.pem', '--revocation', 'off'];

  it('accepts a package, and says what it found', async () => {
    const before = await namesIn(folder.path);
    const ran = await verify(file, ...trusting, '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    const subjects = [
      'CN=Demo',
      expect.stringMatching(/^serialNumber=[0-9A-F]{32},CN=Fixture Organization$/),
      'CN=Fixture Root',
    ];
    expect(ran.json()).toEqual({
      accepted: true,
      id: 'Demo',
      version: '1.2.0',
      publisher: 'Fixture Organization',
      code: null,
      message: expect.any(String),
      files: 2,
      bytes: expect.any(Number),
      elapsedMs: expect.any(Number),
      path: [0, 1, 2].map((depth) => ({
        subject: subjects[depth],
        issuer: subjects[Math.min(depth + 1, 2)],
        notAfter: expect.stringMatching(/^20\d\d-.*Z$/),
      })),
      revocation: [0, 1].map((depth) => ({
        subject: subjects[depth],
        source: expect.any(String),
        status: 'not-asked',
      })),
    });
    expect(await namesIn(folder.path)).toEqual(before);
  });

  it('tells a person, loudly where revocation was not asked', async () => {
    const ran = await verify(file, ...trusting);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toMatch(/^Demo 1\.2\.0 by Fixture Organization: accepted\n/);
    expect(ran.out).toContain('WARNING: revocation was not asked');
  });

  it('takes an anchor in DER, several anchors, and a path relative to the working folder', async () => {
    await writeFile(at('root.der'), new X509Certificate(await readFile(publishing.root)).raw);
    const args = ['--trust-anchor', 'root.der', '--trust-anchor', 'ca/root.pem', '--revocation', 'off'];
    expect(await verify('Demo-1.2.0.jpl', ...args)).toMatchObject({ code: 0 });
  });

  it('judges at the instant it is told', async () => {
    const early = await verify(file, ...trusting, '--at', '2026-05-01T00:00:00Z', '--json');
    expect([early.code, early.json().code]).toEqual([1, 'CERTIFICATE_NOT_YET_VALID']);
    const late = await verify(file, ...trusting, '--at', '2027-07-01T00:00:00Z', '--json');
    expect([late.code, late.json().code]).toEqual([1, 'CERTIFICATE_EXPIRED']);
  });

  it('asks for revocation by default where the certificates name a responder, and refuses without an answer', async () => {
    const ran = await verify(file, '--trust-anchor', 'ca/root.pem', '--json');
    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({ accepted: false, code: expect.stringMatching(/^OCSP_/) });
  });

  it('trusts nobody where nothing was configured', async () => {
    const ran = await verify(file, '--json');
    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({ accepted: false, code: 'NO_TRUST_ANCHOR' });
  });

  it('finds the configured stores of a relative data folder', async () => {
    const sha256 = new X509Certificate(await readFile(publishing.root)).fingerprint256;
    const store = ['store', 'add', 'here', 'http://127.0.0.1:9', '--root', 'ca/root.pem', '--sha256', sha256];
    expect(await jpl(publishing.place, ...store, '--data-dir', 'data')).toMatchObject({ code: 0 });
    const ran = await verify(file, '--data-dir', 'data', '--revocation', 'off', '--json');
    expect([ran.code, ran.json().code]).toEqual([0, null]);
  });

  it('stops when it is told to', async () => {
    const place = { ...publishing.place, signal: AbortSignal.abort() };
    const ran = await jpl(place, 'verify', file, ...trusting, '--json');
    expect([ran.code, ran.json().code]).toEqual([1, 'CANCELED']);
  });
});

describe('jpl verify of what is no package', () => {
  beforeAll(async () => {
    const bytes = await readFile(file);
    await mkdir(at('folder.jpl'));
    await writeFile(at('empty.jpl'), '');
    await writeFile(at('text.jpl'), 'This is a text, however long it may be.\n'.repeat(100));
    await writeFile(at('truncated.jpl'), bytes.subarray(0, bytes.length - 10));
    await writeFile(at('half.jpl'), bytes.subarray(0, bytes.length / 2));
    await writeFile(at('prefix.jpl'), Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes]));
    await cp(file, at('evil\u001b[2K\u202e.jpl'));
    await truncate(at('evil\u001b[2K\u202e.jpl'), 100);
    await symlink('nowhere', at('dangling.jpl'));
  });

  it.each([
    ['missing.jpl', 2, 'FILE_NOT_FOUND'],
    ['dangling.jpl', 2, 'FILE_NOT_FOUND'],
    ['folder.jpl', 2, 'NOT_A_FILE'],
    ['/dev/null', 2, 'NOT_A_FILE'],
    ['empty.jpl', 1, 'EMPTY_FILE'],
    ['text.jpl', 1, 'NOT_A_ZIP'],
    ['truncated.jpl', 1, 'ARCHIVE_TRUNCATED'],
    ['half.jpl', 1, 'ARCHIVE_TRUNCATED'],
    ['prefix.jpl', 1, 'PREFIX_BYTES'],
  ])('%s: exit %i, %s', async (name, exitCode, code) => {
    const before = await namesIn(folder.path);
    const args = [name, '--trust-anchor', 'ca/root.pem'];
    const forPrograms = await verify(...args, '--json');
    expect([forPrograms.code, forPrograms.err]).toEqual([exitCode, '']);
    expect(forPrograms.json()).toMatchObject({ accepted: false, code, id: null, files: 0, path: [] });
    const forPeople = await verify(...args);
    expect([forPeople.code, forPeople.out]).toEqual([exitCode, '']);
    expect(forPeople.err.startsWith(`${name}: `)).toBe(true);
    expect(forPeople.err).toContain(`\n  code: ${code}\n`);
    expect(await namesIn(folder.path)).toEqual(before);
  });

  it.each([
    ['missing.pem', 'FILE_NOT_FOUND'],
    ['folder.jpl', 'NOT_A_FILE'],
    ['text.jpl', 'TRUST_ANCHOR_INVALID'],
    ['empty.jpl', 'TRUST_ANCHOR_INVALID'],
    ['Demo.key', 'TRUST_ANCHOR_INVALID'],
  ])('a trust anchor %s is wrong use: %s', async (name, code) => {
    const ran = await verify(file, '--trust-anchor', name, '--json');
    expect([ran.code, ran.json().code]).toEqual([2, code]);
    expect(ran.json().message).toContain(name);
  });

  it('names an evil file without obeying it', async () => {
    const ran = await verify('evil\u001b[2K\u202e.jpl', '--trust-anchor', 'ca/root.pem');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^evil\\u\{1b\}\[2K\\u\{202e\}\.jpl: /);
    expect(ran.err).not.toMatch(terminalControls);
  });
});

describe('jpl verify of hostile texts', () => {
  const hostile = 'Nice\u001b[2K\u009b1A\u202eplugin';

  it('shows the names of certificates without obeying them', async () => {
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder.path });
    const key = ['-newkey', 'rsa:2048', '-nodes'];
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'h.root.key',
      '-out',
      'h.root.pem',
      '-subj',
      '/CN=Root',
      '-days',
      '2',
    );
    const subject = ['-utf8', '-subj', `/CN=${hostile}`];
    await openssl('req', '-new', ...key, '-keyout', 'h.key', '-out', 'h.csr', ...subject);
    const issuer = ['-CA', 'h.root.pem', '-CAkey', 'h.root.key', '-CAcreateserial'];
    await writeFile(at('h.ext'), 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n');
    await openssl(
      'x509',
      '-req',
      '-in',
      'h.csr',
      ...issuer,
      '-out',
      'h.pem',
      '-days',
      '1',
      '-extfile',
      'h.ext',
    );
    const certificatePem = await readFile(at('h.pem'));
    const instant = new Date(Date.parse(new X509Certificate(certificatePem).validFrom) + 60_000);
    const unsigned = await writePlugin(folder.path, { id: 'Hostile', version: '1.0.0' });
    await packPlugin(unsigned, at('hostile.jpl'));
    const privateKey = createPrivateKey(await readFile(at('h.key')));
    await signPackage(at('hostile.jpl'), { privateKey, certificatePem }, at('hostile.jpl'));

    const args = ['hostile.jpl', '--trust-anchor', 'h.root.pem', '--revocation', 'off'];
    const shown = await verify(...args, '--at', instant.toISOString());
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('CN=Nice');
    expect(shown.out + shown.err).not.toMatch(terminalControls);

    const forPrograms = await verify(...args, '--at', instant.toISOString(), '--json');
    expect(forPrograms.out).not.toMatch(terminalControls);

    const refused = await verify(...args, '--at', '2000-01-01T00:00:00Z');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toContain('certificate: CN=Nice');
    expect(refused.err).not.toMatch(terminalControls);
  });
});
