import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { DerReader } from '../der/reader.js';
import { AuthorityError } from '../error.js';

/** Keys the authority makes. */
export type KeyType = 'ec-p256' | 'ec-p384' | 'ec-p521' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ed25519';

export const keyTypes: readonly KeyType[] = [
  'ec-p256',
  'ec-p384',
  'ec-p521',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'ed25519',
];

const makePair = promisify(generateKeyPair);

/** Makes a key in the thread pool. */
export async function generateKey(type: KeyType): Promise<KeyObject> {
  if (type === 'ed25519') return (await makePair('ed25519')).privateKey;
  if (type.startsWith('ec-')) {
    const namedCurve = { 'ec-p384': 'P-384', 'ec-p521': 'P-521' }[type as string] ?? 'P-256';
    return (await makePair('ec', { namedCurve })).privateKey;
  }
  return (await makePair('rsa', { modulusLength: Number(type.slice('rsa-'.length)) })).privateKey;
}

/** SubjectPublicKeyInfo of the public half, DER. */
export function spkiOf(key: KeyObject): Buffer {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return half.export({ format: 'der', type: 'spki' });
}

/** The subjectPublicKey bits without the unused-bits octet: what key identifiers and OCSP key hashes are made of. */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  const reader = new DerReader(new DerReader(spki).expect(0x30).content);
  reader.expect(0x30);
  return reader.expect(0x03).content.subarray(1);
}

/** Key identifier: leftmost 160 bits of the SHA-256 of the key bits (RFC 7093 2, method 1). */
export function keyIdentifier(spki: Uint8Array): Buffer {
  return createHash('sha256').update(publicKeyBits(spki)).digest().subarray(0, 20);
}

/** PKCS#8 PEM, encrypted where a passphrase is given (PBES2, AES-256-CBC: `openssl pkey` reads it). */
export function exportPrivateKey(key: KeyObject, passphrase: string | undefined): string {
  const plain = { type: 'pkcs8', format: 'pem' } as const;
  const exported =
    passphrase === undefined
      ? key.export(plain)
      : key.export({ ...plain, cipher: 'aes-256-cbc', passphrase });
  return exported.toString();
}

/**
 * Reads a private key in PEM.
 * @throws {AuthorityError} PASSPHRASE_REQUIRED | PASSPHRASE_WRONG | AUTHORITY_DAMAGED
 */
export function readPrivateKey(pem: string, passphrase: string | undefined, path?: string): KeyObject {
  const encrypted = pem.includes('ENCRYPTED');
  if (encrypted && passphrase === undefined) {
    throw new AuthorityError('PASSPHRASE_REQUIRED', 'This key is protected: a passphrase is needed.', {
      path,
    });
  }
  try {
    return createPrivateKey(encrypted && passphrase !== undefined ? { key: pem, passphrase } : pem);
  } catch (cause) {
    if (encrypted) {
      throw new AuthorityError('PASSPHRASE_WRONG', 'The passphrase does not open this key.', { path, cause });
    }
    throw new AuthorityError('AUTHORITY_DAMAGED', 'A private key of the authority cannot be read.', {
      path,
      cause,
    });
  }
}
