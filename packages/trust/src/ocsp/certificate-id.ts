import { createHash, timingSafeEqual } from 'node:crypto';
import type { Certificate } from '../certificate/certificate.js';
import { type DerReader, tags } from '../certificate/der.js';
import { oidOf } from '../certificate/der-value.js';

/** CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber } (RFC 6960 4.1.1). */
export interface CertificateId {
  /** Dotted OID. */
  readonly hashAlgorithm: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Contents of the INTEGER, as in the certificate. */
  readonly serialNumber: Uint8Array;
}

/** What a question's CertID may be hashed with. It only names the certificate; SHA-1 is what RFC 5019 2.1.1 asks for. */
export type CertificateIdHash = 'sha1' | 'sha256';

export const certificateIdHashOids: Readonly<Record<CertificateIdHash, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
};

/** What an answer's CertID may be hashed with. */
const hashNames: ReadonlyMap<string, string> = new Map([
  [certificateIdHashOids.sha1, 'sha1'],
  [certificateIdHashOids.sha256, 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** The CertID of `certificate`: its issuer's name as the certificate itself spells it, and the issuer's key. */
export function certificateIdOf(
  certificate: Certificate,
  issuer: Certificate,
  hash: CertificateIdHash,
): CertificateId {
  return {
    hashAlgorithm: certificateIdHashOids[hash],
    issuerNameHash: digest(hash, certificate.issuer.der),
    issuerKeyHash: digest(hash, issuer.publicKey.bits),
    serialNumber: certificate.serialNumber,
  };
}

/** Reads a CertID from within its SEQUENCE. */
export function readCertificateId(reader: DerReader): CertificateId {
  const algorithm = reader.sequence('hashAlgorithm');
  const hashAlgorithm = oidOf(algorithm.next(tags.oid, 'hashAlgorithm').content);
  // RFC 5754 2: parameters of a hash are absent or NULL.
  algorithm.optional(tags.null, 'hashAlgorithm parameters');
  algorithm.end('hashAlgorithm');
  const issuerNameHash = reader.next(tags.octetString, 'issuerNameHash').content;
  const issuerKeyHash = reader.next(tags.octetString, 'issuerKeyHash').content;
  const serialNumber = reader.next(tags.integer, 'serialNumber').content;
  reader.end('certID');
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber };
}

/** True when `id` names `certificate` by serial number and by both hashes of its issuer (RFC 6960 3.2 1). */
export function namesCertificate(id: CertificateId, certificate: Certificate, issuer: Certificate): boolean {
  const hash = hashNames.get(id.hashAlgorithm);
  if (hash === undefined) return false;
  return (
    equal(id.serialNumber, certificate.serialNumber) &&
    equal(id.issuerNameHash, digest(hash, certificate.issuer.der)) &&
    equal(id.issuerKeyHash, digest(hash, issuer.publicKey.bits))
  );
}

/** KeyHash of a responder identified by key: SHA-1 of its public key's bits (RFC 6960 4.2.1). */
export function keyHashOf(certificate: Certificate): Uint8Array {
  return digest('sha1', certificate.publicKey.bits);
}

/** Equality of octet strings in a time that depends on their lengths only. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function digest(hash: string, bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest();
}
