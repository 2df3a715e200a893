import { constants, createVerify, type KeyObject, verify } from 'node:crypto';
import { decodeSignatureMap, signatureHash, signatureOfMapName } from '@jami-plugin-store/jpl';
import { TrustError } from '../error.js';

/** What an installed tree keeps of its package, so that it can be verified again. */
export interface SignatureEvidence {
  /** The bytes of the entry `signatures`. */
  readonly signatures: Uint8Array;
  /** The bytes of the entry `signatures.sig`. */
  readonly signaturesSig: Uint8Array;
  /** The plugin certificate's key. */
  readonly publicKey: KeyObject;
}

/**
 * Verifies the signature over the map, then decodes the map: no byte of it is interpreted before its signature holds.
 * @returns Entry name -> raw signature of that entry's content (RSA PKCS#1 v1.5, SHA-512).
 * @throws {TrustError} SIGNATURE_OF_MAP_INVALID
 * @throws {JplError} SIGNATURE_MAP_*
 */
export async function verifyEvidence(evidence: SignatureEvidence): Promise<ReadonlyMap<string, Buffer>> {
  const { signatures, signaturesSig, publicKey } = evidence;
  if (!(await holds(signatures, signaturesSig, publicKey))) {
    throw new TrustError(
      'SIGNATURE_OF_MAP_INVALID',
      'The list of signatures was not signed by the plugin certificate.',
      { entry: signatureOfMapName },
    );
  }
  return decodeSignatureMap(signatures);
}

/**
 * Verifies one entry's content against its signature out of the map; a stream is read once, in bounded memory.
 * @throws {TrustError} SIGNATURE_INVALID
 */
export async function verifyContent(
  name: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signature: Uint8Array,
  publicKey: KeyObject,
): Promise<void> {
  if (content instanceof Uint8Array) {
    if (!(await holds(content, signature, publicKey))) throw signatureInvalid(name);
    return;
  }
  const verifier = contentVerifier(name, signature, publicKey);
  for await (const chunk of content) verifier.update(chunk);
  verifier.finish();
}

export interface ContentVerifier {
  update(chunk: Uint8Array): void;
  /** @throws {TrustError} SIGNATURE_INVALID */
  finish(): void;
}

/** The same check for content that passes by in chunks. */
export function contentVerifier(name: string, signature: Uint8Array, publicKey: KeyObject): ContentVerifier {
  const verifier = createVerify(signatureHash);
  return {
    update: (chunk) => {
      verifier.update(chunk);
    },
    finish: () => {
      if (!verifier.verify(pkcs1(publicKey), signature)) throw signatureInvalid(name);
    },
  };
}

/** In the thread pool: only the callback form leaves this thread. */
function holds(content: Uint8Array, signature: Uint8Array, publicKey: KeyObject): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify(signatureHash, content, pkcs1(publicKey), signature, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}

function pkcs1(key: KeyObject) {
  return { key, padding: constants.RSA_PKCS1_PADDING };
}

function signatureInvalid(name: string): TrustError {
  return new TrustError('SIGNATURE_INVALID', `The signature of "${name}" does not match its content.`, {
    entry: name,
  });
}
