import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertLeafProfile } from './leaf-profile.js';
import {
  type CertificateWish,
  caExtensions,
  fixtureInstant,
  type Issued,
  leafExtensions,
  OpensslCa,
} from './openssl-fixtures.js';
import { judgePackagePath } from './package-path.js';

let ca: OpensslCa;
let root: Issued;
/** Its key serves every certificate that asks for no other: making RSA keys is slow. */
let sharedKey: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  root = await ca.issue({ subject: '/CN=Root', keyType: 'P-256', extensions: caExtensions });
  sharedKey = await ca.issue({ subject: '/CN=Shared' });
});
afterAll(() => ca[Symbol.asyncDispose]());

const notCa = 'basicConstraints = critical, CA:FALSE';
const base = (wish: Partial<CertificateWish>): CertificateWish => ({
  subject: '/CN=Leaf',
  ...(wish.keyType === undefined && { keyOf: sharedKey }),
});
const judgeLeaf = async (wish: Partial<CertificateWish>) => {
  const leaf = await ca.issue({ ...base(wish), issuer: root, extensions: leafExtensions, ...wish });
  return judgePackagePath([leaf.certificate], [root.anchor], fixtureInstant);
};
const judgeAnchoredLeaf = async (wish: Partial<CertificateWish>) => {
  const leaf = await ca.issue({ ...base(wish), ...wish });
  return judgePackagePath([leaf.certificate], [leaf.anchor], fixtureInstant);
};

describe('a plugin certificate is accepted', () => {
  it.each<[string, Partial<CertificateWish>]>([
    ['with RSA 2048', {}],
    ['with RSA 3072', { keyType: 'rsa:3072' }],
    ['without any extension', { extensions: [] }],
    ['without key usage', { extensions: [notCa] }],
    ['with non-repudiation', { extensions: [notCa, 'keyUsage = nonRepudiation'] }],
    ['for code signing', { extensions: [...leafExtensions, 'extendedKeyUsage = codeSigning'] }],
    [
      'for code signing and TLS',
      { extensions: [...leafExtensions, 'extendedKeyUsage = codeSigning, serverAuth'] },
    ],
    ['for any purpose', { extensions: [...leafExtensions, 'extendedKeyUsage = anyExtendedKeyUsage'] }],
  ])('%s', async (_what, wish) => {
    await expect(judgeLeaf(wish)).resolves.toMatchObject({ path: { length: 2 } });
  });
});

describe('a plugin certificate is refused', () => {
  it.each<[string, Partial<CertificateWish>, string]>([
    ['with an EC key', { keyType: 'P-256' }, 'LEAF_KEY_NOT_RSA'],
    ['with an Ed25519 key', { keyType: 'ed25519' }, 'LEAF_KEY_NOT_RSA'],
    ['with RSA 1024', { keyType: 'rsa:1024' }, 'KEY_TOO_WEAK'],
    ['with RSA 2047', { keyType: 'rsa:2047' }, 'KEY_TOO_WEAK'],
    ['as an authority', { extensions: caExtensions }, 'LEAF_IS_A_CA'],
    [
      'as an authority by basicConstraints alone',
      { extensions: ['basicConstraints = CA:TRUE'] },
      'LEAF_IS_A_CA',
    ],
    [
      'when it may sign certificates',
      { extensions: [notCa, 'keyUsage = digitalSignature, keyCertSign'] },
      'LEAF_KEY_USAGE_FORBIDS',
    ],
    [
      'when its key usage leaves no signatures',
      { extensions: [notCa, 'keyUsage = keyEncipherment'] },
      'LEAF_KEY_USAGE_FORBIDS',
    ],
    [
      'for TLS only',
      { extensions: [...leafExtensions, 'extendedKeyUsage = serverAuth, clientAuth'] },
      'LEAF_EXTENDED_KEY_USAGE_FORBIDS',
    ],
    [
      'for OCSP signing',
      { extensions: [...leafExtensions, 'extendedKeyUsage = OCSPSigning'] },
      'LEAF_EXTENDED_KEY_USAGE_FORBIDS',
    ],
    [
      'for code signing and OCSP signing',
      { extensions: [...leafExtensions, 'extendedKeyUsage = codeSigning, OCSPSigning'] },
      'LEAF_EXTENDED_KEY_USAGE_FORBIDS',
    ],
    [
      'for any purpose and OCSP signing',
      { extensions: [...leafExtensions, 'extendedKeyUsage = anyExtendedKeyUsage, OCSPSigning'] },
      'LEAF_EXTENDED_KEY_USAGE_FORBIDS',
    ],
    [
      'with an unknown critical extension',
      { extensions: [...leafExtensions, '1.2.3.4 = critical, DER:0500'] },
      'CRITICAL_EXTENSION_UNKNOWN',
    ],
  ])('%s', async (_what, wish, code) => {
    await expect(judgeLeaf(wish)).rejects.toMatchObject({ name: 'TrustError', code, certificate: 'CN=Leaf' });
  });
});

describe('the longest plugin key', () => {
  // Making one takes openssl half a minute, so a real certificate is shown with another length.
  const withBits = (modulusBits: number) => {
    const { certificate } = sharedKey;
    return { ...certificate, publicKey: { ...certificate.publicKey, modulusBits } };
  };

  it('has 8192 bits', () => {
    expect(() => assertLeafProfile(withBits(8192), { isAnchor: true })).not.toThrow();
    expect(() => assertLeafProfile(withBits(8193), { isAnchor: true })).toThrow(
      expect.objectContaining({ name: 'TrustError', code: 'KEY_UNSUPPORTED' }),
    );
    expect(() => assertLeafProfile(withBits(2047), { isAnchor: true })).toThrow(
      expect.objectContaining({ name: 'TrustError', code: 'KEY_TOO_WEAK' }),
    );
  });
});

describe('a plugin certificate that is itself the anchor', () => {
  it.each<[string, Partial<CertificateWish>]>([
    ['may be an authority', { extensions: caExtensions }],
    ['may have no extension', { extensions: [] }],
    ['may be none', { extensions: leafExtensions }],
  ])('%s', async (_what, wish) => {
    const { path, anchor } = await judgeAnchoredLeaf(wish);
    expect(path).toEqual([anchor.certificate]);
  });

  it('may have been issued by anybody', async () => {
    const { path } = await judgeAnchoredLeaf({ issuer: root, extensions: leafExtensions });
    expect(path).toHaveLength(1);
  });

  it.each<[string, Partial<CertificateWish>, string]>([
    ['needs an RSA key', { keyType: 'P-256' }, 'LEAF_KEY_NOT_RSA'],
    ['needs 2048 bits', { keyType: 'rsa:1024' }, 'KEY_TOO_WEAK'],
    [
      'must not be for TLS only',
      { extensions: ['extendedKeyUsage = serverAuth'] },
      'LEAF_EXTENDED_KEY_USAGE_FORBIDS',
    ],
    ['must be valid', { notAfter: '20260201000000Z' }, 'CERTIFICATE_EXPIRED'],
    [
      'must not have unknown critical extensions',
      { extensions: ['1.2.3.4 = critical, DER:0500'] },
      'CRITICAL_EXTENSION_UNKNOWN',
    ],
  ])('%s', async (_what, wish, code) => {
    await expect(judgeAnchoredLeaf(wish)).rejects.toMatchObject({ name: 'TrustError', code });
  });
});
