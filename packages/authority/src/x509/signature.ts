import { type KeyObject, sign, verify } from 'node:crypto';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { derNull, objectIdentifier, sequence } from '../der/writer.js';
import { AuthorityError } from '../error.js';

/** How one kind of key signs: node's digest name and the AlgorithmIdentifier of the result. */
export interface SignatureScheme {
  /** null where the algorithm has its own (Ed25519). */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  readonly oid: string;
  /** RSA carries NULL parameters (RFC 4055 5), the others none (RFC 5758 3.2, RFC 8410 3). */
  readonly hasNullParameters: boolean;
}

const rsaSha256: SignatureScheme = {
  digest: 'sha256',
  oid: '1.2.840.113549.1.1.11',
  hasNullParameters: true,
};
const ed25519: SignatureScheme = { digest: null, oid: '1.3.101.112', hasNullParameters: false };
const ecdsa: Readonly<Record<string, SignatureScheme>> = {
  prime256v1: { digest: 'sha256', oid: '1.2.840.10045.4.3.2', hasNullParameters: false },
  secp384r1: { digest: 'sha384', oid: '1.2.840.10045.4.3.3', hasNullParameters: false },
  secp521r1: { digest: 'sha512', oid: '1.2.840.10045.4.3.4', hasNullParameters: false },
};

/** @throws {AuthorityError} ISSUER_CERTIFICATE_INVALID for a key that this project does not sign with */
export function schemeOf(key: KeyObject): SignatureScheme {
  if (key.asymmetricKeyType === 'rsa') return rsaSha256;
  if (key.asymmetricKeyType === 'ed25519') return ed25519;
  const scheme = ecdsa[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType !== 'ec' || scheme === undefined) {
    throw new AuthorityError(
      'ISSUER_CERTIFICATE_INVALID',
      'Only RSA, P-256, P-384, P-521 and Ed25519 keys can sign certificates.',
    );
  }
  return scheme;
}

/** AlgorithmIdentifier for the typed library. */
export function algorithmIdentifier(scheme: SignatureScheme): AlgorithmIdentifier {
  return new AlgorithmIdentifier(
    scheme.hasNullParameters ? { algorithm: scheme.oid, parameters: null } : { algorithm: scheme.oid },
  );
}

/** AlgorithmIdentifier as DER. */
export function algorithmDer(scheme: SignatureScheme): Buffer {
  const oid = objectIdentifier(scheme.oid);
  return scheme.hasNullParameters ? sequence(oid, derNull) : sequence(oid);
}

/** Signs in the thread pool: the event loop stays free for other answers. */
export function signBytes(key: KeyObject, bytes: Uint8Array): Promise<Buffer> {
  const { digest } = schemeOf(key);
  return new Promise((resolve, reject) => {
    sign(digest, bytes, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/** Signs at once, and lets nothing happen meanwhile. For P-256 keys, which sign in less than 0.1 ms. */
export function signNow(key: KeyObject, bytes: Uint8Array): Buffer {
  return sign(schemeOf(key).digest, bytes, key);
}

/** Verifies in the thread pool. Bytes that are no signature at all are simply not a valid one. */
export function verifyBytes(
  key: KeyObject,
  digest: SignatureScheme['digest'],
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    verify(digest, bytes, key, signature, (error, holds) => resolve(error === null && holds));
  });
}
