import { createPublicKey, type KeyObject } from 'node:crypto';
import type { AuthorityErrorCode } from '@jami-plugin-store/contract';
import {
  assertIssuedBy,
  assertSigned,
  type Certificate,
  parseCertificate,
  parseCertificatesPem,
  parseCrl,
  TrustError,
} from '@jami-plugin-store/trust';
import { type PublishedCrl, publishedCrl } from '../crl/crl-file.js';
import { AuthorityError } from '../error.js';
import type { IssuerState, Registry } from '../ledger/registry.js';
import { purposeOids } from '../x509/oids.js';

/**
 * Reads one certificate that an organization made, PEM or DER.
 * @throws {AuthorityError} with the code given
 */
export function readForeignCertificate(bytes: Uint8Array, code: AuthorityErrorCode): Certificate {
  try {
    const [first] = bytes[0] === 0x30 ? [parseCertificate(bytes)] : parseCertificatesPem(bytes);
    if (first !== undefined) return first;
  } catch (cause) {
    throw new AuthorityError(code, 'The certificate cannot be read.', { cause });
  }
  throw new AuthorityError(code, 'There is no certificate in this file.');
}

/** The organization that issued a certificate with its own key: by name, then by signature. */
export function issuerOf(registry: Registry, certificate: Certificate): IssuerState | undefined {
  const name = Buffer.from(certificate.issuer.der);
  for (const issuer of registry.issuers.values()) {
    if (name.equals(issuer.certificate.subject.der) && isSignedBy(certificate, issuer.certificate))
      return issuer;
  }
  return undefined;
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    assertIssuedBy(certificate, issuer);
    return true;
  } catch (error) {
    if (error instanceof TrustError) return false;
    throw error;
  }
}

/**
 * A responder certificate delegates to the key that was asked for (RFC 6960 4.2.2.2).
 * @throws {AuthorityError} DELEGATION_INVALID
 */
export function assertDelegates(certificate: Certificate, key: KeyObject, at: Date): void {
  const wrong = (message: string): AuthorityError =>
    new AuthorityError('DELEGATION_INVALID', message, { certificate: certificate.subject.text });
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' });
  if (!own.equals(certificate.publicKey.spki)) {
    throw wrong('The certificate is for another key than the one that was requested.');
  }
  if (certificate.extendedKeyUsage?.has(purposeOids.ocspSigning) !== true) {
    throw wrong('The certificate lacks the purpose "OCSP signing".');
  }
  if (!certificate.ocspNoCheck) throw wrong('The certificate lacks id-pkix-ocsp-nocheck.');
  if (certificate.keyUsage?.has('digitalSignature') === false) {
    throw wrong('The certificate may not sign.');
  }
  if (certificate.basicConstraints?.cA === true) throw wrong('The certificate is one of an authority.');
  if (at < certificate.notBefore || at >= certificate.notAfter) {
    throw wrong('The certificate is not valid now.');
  }
}

/**
 * Reads a CRL that an organization signed with its own key, as far as publishing needs.
 * @throws {AuthorityError} CRL_REFUSED
 */
export function readOrganizationCrl(der: Uint8Array, issuer: IssuerState, at: Date): PublishedCrl {
  const certificate = issuer.certificate.subject.text;
  const refuse = (message: string, cause?: unknown): AuthorityError =>
    new AuthorityError('CRL_REFUSED', message, { certificate, cause });
  try {
    const list = parseCrl(der);
    if (!Buffer.from(list.issuer.der).equals(issuer.certificate.subject.der)) {
      throw refuse('The list names another issuer.');
    }
    assertSigned(list, issuer.certificate.publicKey, certificate);
    const { crlNumber, nextUpdate, thisUpdate } = list;
    if (crlNumber === undefined || nextUpdate === undefined || list.baseCrlNumber !== undefined) {
      throw refuse('The list must be complete and carry a number and a next update.');
    }
    if (list.issuingDistributionPoint !== undefined) throw refuse('The list covers only a part.');
    if (thisUpdate > at || nextUpdate <= at) throw refuse('The list is not valid now.');
    const number = Number(crlNumber);
    if (!Number.isSafeInteger(number)) throw refuse('The number of the list is too large.');
    return publishedCrl({
      der: Buffer.from(der),
      number,
      thisUpdate,
      nextUpdate,
      revoked: list.entryCount,
      isAdopted: true,
    });
  } catch (cause) {
    if (cause instanceof TrustError) throw refuse(`The list is not acceptable: ${cause.message}`, cause);
    throw cause;
  }
}
