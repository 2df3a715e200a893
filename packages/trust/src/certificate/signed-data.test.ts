import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import type { Certificate } from './certificate.js';
import { bitString, hex, integer, oid, sequence, tlv } from './forge-fixtures.js';
import { parseCertificatesPem } from './pem.js';
import { signatureSchemeOf } from './signature-algorithm.js';
import { assertIssuedBy, assertSigned } from './signed-data.js';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-signatures-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A self-signed certificate by `openssl req -x509` with these arguments for key and signature. */
async function selfSigned(key: string[], signing: string[] = []): Promise<Certificate> {
  const out = join(folder, 'certificate.pem');
  // Keys take their time: one of each kind is enough.
  const keyFile = join(folder, `${key.join('').replaceAll(/\W/g, '')}.pem`);
  if (!existsSync(keyFile)) await run('openssl', ['genpkey', ...key, '-out', keyFile]);
  await run('openssl', ['req', '-x509', '-key', keyFile, '-subj', '/CN=Self', '-out', out, ...signing]);
  const [certificate] = parseCertificatesPem(await readFile(out));
  if (certificate === undefined) throw new Error('openssl made no certificate');
  return certificate;
}

function codeOf(judge: () => void): string {
  try {
    judge();
    return 'good';
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.code;
  }
}

const rsa = (bits: number): string[] => ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`];
const ec = (curve: string): string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`];
const pss = (hash: string, salt: string, mgf = hash): string[] => [
  `-${hash}`,
  ...['rsa_padding_mode:pss', `rsa_pss_saltlen:${salt}`, `rsa_mgf1_md:${mgf}`].flatMap((option) => [
    '-sigopt',
    option,
  ]),
];

describe('signatures that openssl makes', () => {
  it.each<[string, string[], string[], string]>([
    ['RSA, SHA-256', rsa(2048), ['-sha256'], 'good'],
    ['RSA, SHA-384', rsa(2048), ['-sha384'], 'good'],
    ['RSA, SHA-512', rsa(2048), ['-sha512'], 'good'],
    ['RSA of 1024 bits', rsa(1024), ['-sha256'], 'KEY_TOO_WEAK'],
    ['RSA, SHA-1', rsa(2048), ['-sha1'], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['RSA, SHA-224', rsa(2048), ['-sha224'], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['RSA, MD5', rsa(2048), ['-md5'], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['RSA, SHA3-256', rsa(2048), ['-sha3-256'], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['PSS, SHA-256', rsa(2048), pss('sha256', 'digest'), 'good'],
    ['PSS, SHA-512', rsa(2048), pss('sha512', 'digest'), 'good'],
    ['PSS with the longest salt', rsa(2048), pss('sha256', 'max'), 'good'],
    ['PSS with a shorter salt', rsa(2048), pss('sha256', '30'), 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    [
      'PSS with another mask hash',
      rsa(2048),
      pss('sha256', 'digest', 'sha512'),
      'SIGNATURE_ALGORITHM_UNSUPPORTED',
    ],
    ['PSS, SHA-1', rsa(2048), pss('sha1', 'digest'), 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['P-256, SHA-256', ec('P-256'), ['-sha256'], 'good'],
    ['P-384, SHA-384', ec('P-384'), ['-sha384'], 'good'],
    ['P-521, SHA-512', ec('P-521'), ['-sha512'], 'good'],
    ['P-256, SHA-1', ec('P-256'), ['-sha1'], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    ['secp256k1', ec('secp256k1'), ['-sha256'], 'KEY_UNSUPPORTED'],
    [
      'P-256 with its parameters written out',
      [...ec('P-256'), '-pkeyopt', 'ec_param_enc:explicit'],
      ['-sha256'],
      'KEY_UNSUPPORTED',
    ],
    ['Ed25519', ['-algorithm', 'ED25519'], [], 'good'],
    ['Ed448', ['-algorithm', 'ED448'], [], 'SIGNATURE_ALGORITHM_UNSUPPORTED'],
    [
      'an RSA-PSS key',
      ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
      pss('sha256', 'digest'),
      'KEY_UNSUPPORTED',
    ],
  ])('%s', async (_, key, signing, expected) => {
    const certificate = await selfSigned(key, signing);
    expect(codeOf(() => assertIssuedBy(certificate, certificate))).toBe(expected);
    if (expected !== 'good') return;
    const changed = Uint8Array.from(certificate.tbs);
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    const { signatureAlgorithm, signature, publicKey } = certificate;
    expect(codeOf(() => assertSigned({ tbs: changed, signatureAlgorithm, signature }, publicKey))).toBe(
      'CERTIFICATE_SIGNATURE_INVALID',
    );
    expect(
      codeOf(() =>
        assertSigned(
          { tbs: certificate.tbs, signatureAlgorithm, signature: signature.subarray(1) },
          publicKey,
        ),
      ),
    ).toBe('CERTIFICATE_SIGNATURE_INVALID');
  });
});

describe('signatureSchemeOf', () => {
  const sha256 = (...parameters: Buffer[]): Buffer => sequence(oid('2.16.840.1.101.3.4.2.1'), ...parameters);
  const mgf1 = (hash: Buffer): Buffer => sequence(oid('1.2.840.113549.1.1.8'), hash);
  const pssOf = (...fields: Buffer[]): Buffer => sequence(oid('1.2.840.113549.1.1.10'), sequence(...fields));
  const hash = tlv(0xa0, sha256());
  const mask = tlv(0xa1, mgf1(sha256(hex('0500'))));
  const salt = tlv(0xa2, integer(32));

  it('reads RSA with parameters NULL or absent (RFC 4055 5)', () => {
    expect(signatureSchemeOf(sequence(oid('1.2.840.113549.1.1.11'), hex('0500')))).toEqual({
      key: 'rsa',
      hash: 'sha256',
    });
    expect(signatureSchemeOf(sequence(oid('1.2.840.113549.1.1.11')))).toEqual({ key: 'rsa', hash: 'sha256' });
    expect(() => signatureSchemeOf(sequence(oid('1.2.840.113549.1.1.11'), hex('3000')))).toThrow('too many');
  });

  it('reads PSS whose every parameter is as it must be', () => {
    expect(signatureSchemeOf(pssOf(hash, mask, salt))).toEqual({
      key: 'rsa',
      hash: 'sha256',
      pssSaltLength: 32,
    });
    const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'));
    expect(signatureSchemeOf(pssOf(hash, tlv(0xa1, mgf1(sha384)), salt))).toBeUndefined();
    expect(signatureSchemeOf(pssOf(hash, mask, tlv(0xa2, integer(31))))).toBeUndefined();
    expect(signatureSchemeOf(pssOf(hash, mask, tlv(0xa2, integer(33))))).toMatchObject({ pssSaltLength: 33 });
    expect(signatureSchemeOf(pssOf(hash, mask))).toBeUndefined();
    expect(signatureSchemeOf(pssOf(mask, salt))).toBeUndefined();
    expect(() => signatureSchemeOf(pssOf(hash, mask, salt, tlv(0xa3, integer(1))))).toThrow('too many');
    expect(() => signatureSchemeOf(pssOf(salt, hash, mask))).toThrow();
    expect(signatureSchemeOf(pssOf(hash, tlv(0xa1, sequence(oid('1.2.3'), sha256())), salt))).toBeUndefined();
  });

  it('refuses what is no AlgorithmIdentifier', () => {
    expect(() => signatureSchemeOf(bitString(hex('00')))).toThrow();
    expect(() => signatureSchemeOf(sequence(oid('1.3.101.112'), hex('0500')))).toThrow('too many');
  });
});
