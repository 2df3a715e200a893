import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeSignatureMap } from '@jami-plugin-store/jpl';
import { describe, expect, it } from 'vitest';
import { signContent } from './package-fixtures.js';
import { contentVerifier, verifyContent, verifyEvidence } from './signature-check.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });

const content = Buffer.from('the content of a file');
const signature = signContent(content, privateKey);
const signatures = encodeSignatureMap(new Map([['a.txt', signature]]));
const signaturesSig = signContent(signatures, privateKey);

const invalid = { name: 'TrustError', code: 'SIGNATURE_INVALID', entry: 'a.txt' };

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the evidence kept with an installed tree', () => {
  it('gives the signatures once its own signature holds', async () => {
    const map = await verifyEvidence({ signatures, signaturesSig, publicKey });
    expect([...map]).toEqual([['a.txt', signature]]);
  });

  it('may be verified with the key as it was recorded', async () => {
    const recorded = publicKey.export({ type: 'spki', format: 'der' });
    const key = createPublicKey({ key: recorded, type: 'spki', format: 'der' });
    await expect(verifyEvidence({ signatures, signaturesSig, publicKey: key })).resolves.toBeInstanceOf(Map);
  });

  it.each<[string, Partial<Parameters<typeof verifyEvidence>[0]>]>([
    ['another key', { publicKey: other.publicKey }],
    ['another list', { signatures: encodeSignatureMap(new Map()) }],
    ['a list that is none', { signatures: Buffer.from('garbage') }],
    ['an empty signature', { signaturesSig: Buffer.alloc(0) }],
    ['a truncated signature', { signaturesSig: signaturesSig.subarray(1) }],
  ])('is refused with %s', async (_what, change) => {
    const evidence = { signatures, signaturesSig, publicKey, ...change };
    await expect(verifyEvidence(evidence)).rejects.toMatchObject({ code: 'SIGNATURE_OF_MAP_INVALID' });
  });

  it('is refused with a list that is signed but none', async () => {
    const garbage = Buffer.from('garbage');
    const evidence = { signatures: garbage, signaturesSig: signContent(garbage, privateKey), publicKey };
    await expect(verifyEvidence(evidence)).rejects.toMatchObject({ code: 'SIGNATURE_MAP_MALFORMED' });
  });
});

describe('content', () => {
  it('is verified whole and in pieces', async () => {
    await expect(verifyContent('a.txt', content, signature, publicKey)).resolves.toBeUndefined();
    await expect(verifyContent('a.txt', inPieces(content, 3), signature, publicKey)).resolves.toBeUndefined();
    const empty = signContent(Buffer.alloc(0), privateKey);
    await expect(verifyContent('a/', Buffer.alloc(0), empty, publicKey)).resolves.toBeUndefined();
    await expect(
      verifyContent('a/', inPieces(Buffer.alloc(0), 1), empty, publicKey),
    ).resolves.toBeUndefined();
  });

  const pss = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  it.each<[string, Buffer, Buffer, KeyObject]>([
    ['changed', Buffer.from('the content of a fiLe'), signature, publicKey],
    ['longer', Buffer.concat([content, Buffer.alloc(1)]), signature, publicKey],
    ['under another key', content, signature, other.publicKey],
    ['under an empty signature', content, Buffer.alloc(0), publicKey],
    ['under a longer signature', content, Buffer.concat([signature, Buffer.alloc(1)]), publicKey],
    ['under a signature of SHA-256', content, sign('RSA-SHA256', content, privateKey), publicKey],
    ['under a PSS signature', content, sign('RSA-SHA512', content, pss), publicKey],
  ])('is refused when it is %s', async (_what, bytes, signed, key) => {
    await expect(verifyContent('a.txt', bytes, signed, key)).rejects.toMatchObject(invalid);
    await expect(verifyContent('a.txt', inPieces(bytes, 5), signed, key)).rejects.toMatchObject(invalid);
  });

  it('is refused in pieces handed over by the caller', () => {
    const verifier = contentVerifier('a.txt', signature, publicKey);
    verifier.update(content.subarray(0, 4));
    expect(() => verifier.finish()).toThrow(expect.objectContaining(invalid));
  });

  it('gives the reader its own error back', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield content;
      throw new Error('the disk is gone');
    };
    await expect(verifyContent('a.txt', broken(), signature, publicKey)).rejects.toThrow('the disk is gone');
  });
});
