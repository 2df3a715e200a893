import type { Certificate } from '../certificate/certificate.js';
import { contextConstructed, tags } from '../certificate/der.js';
import { type CertificateId, type CertificateIdHash, certificateIdOf } from './certificate-id.js';
import { derElement, derOid } from './der-writer.js';
import { ocspOids } from './ocsp-oids.js';

export interface OcspRequestInput {
  readonly certificate: Certificate;
  /** The certificate directly above it. */
  readonly issuer: Certificate;
  /** Default `sha1`, which every responder understands (RFC 5019 2.1.1). */
  readonly hash?: CertificateIdHash | undefined;
  /** 1 to 32 random octets (RFC 8954 2.1); absent: the request carries no nonce. */
  readonly nonce?: Uint8Array | undefined;
}

export interface OcspRequest {
  /** OCSPRequest, DER: unsigned, one CertID (RFC 6960 4.1.1). */
  readonly der: Uint8Array;
  /** The nonce extension's value, DER of an OCTET STRING: what an answer must repeat. */
  readonly nonceExtensionValue?: Uint8Array | undefined;
}

/**
 * Builds the question for one certificate.
 * @throws {RangeError} a nonce that is not 1 to 32 octets long
 */
export function createOcspRequest({
  certificate,
  issuer,
  hash = 'sha1',
  nonce,
}: OcspRequestInput): OcspRequest {
  const request = derElement(tags.sequence, encodeId(certificateIdOf(certificate, issuer, hash)));
  const requestList = derElement(tags.sequence, request);
  if (nonce === undefined) {
    return { der: derElement(tags.sequence, derElement(tags.sequence, requestList)) };
  }
  // RFC 8954 2.1: Nonce ::= OCTET STRING (SIZE (1..32))
  if (nonce.length < 1 || nonce.length > 32) throw new RangeError('a nonce has 1 to 32 octets');
  const nonceExtensionValue = derElement(tags.octetString, nonce);
  const extension = derElement(
    tags.sequence,
    derOid(ocspOids.nonce),
    derElement(tags.octetString, nonceExtensionValue),
  );
  const extensions = derElement(contextConstructed(2), derElement(tags.sequence, extension));
  const der = derElement(tags.sequence, derElement(tags.sequence, requestList, extensions));
  return { der, nonceExtensionValue };
}

function encodeId({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertificateId): Buffer {
  return derElement(
    tags.sequence,
    derElement(tags.sequence, derOid(hashAlgorithm), derElement(tags.null)),
    derElement(tags.octetString, issuerNameHash),
    derElement(tags.octetString, issuerKeyHash),
    derElement(tags.integer, serialNumber),
  );
}
