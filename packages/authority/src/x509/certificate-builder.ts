import { type KeyObject, randomBytes } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { bitString, certificateTime, sequence, tlv, unsignedInteger } from '../der/writer.js';
import { algorithmDer, schemeOf, signBytes } from './signature.js';
import { encodeName, type Subject } from './subject.js';

export interface CertificateFields {
  /** 1 to 20 octets, positive (RFC 5280 4.1.2.2). */
  readonly serialNumber: Uint8Array;
  /** Name, DER, exactly as in the issuer's certificate. */
  readonly issuerName: Uint8Array;
  readonly subjectName: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Each an Extension, DER. */
  readonly extensions: readonly Uint8Array[];
}

/** Name, DER. */
export function nameDer(subject: Subject): Buffer {
  return Buffer.from(AsnConvert.serialize(encodeName(subject)));
}

/** 16 random octets, positive and always 16 long: 126 bits nobody can guess (RFC 5280 4.1.2.2). */
export function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/**
 * Builds and signs an X.509 v3 certificate (RFC 5280 4.1). Names and keys are taken as bytes: an issuer's name is
 * chained octet by octet, whatever string types its maker used.
 */
export async function buildCertificate(fields: CertificateFields, issuerKey: KeyObject): Promise<Buffer> {
  const algorithm = algorithmDer(schemeOf(issuerKey));
  const tbs = sequence(
    tlv(0xa0, unsignedInteger(2)),
    tlv(0x02, fields.serialNumber),
    algorithm,
    fields.issuerName,
    sequence(certificateTime(fields.notBefore), certificateTime(fields.notAfter)),
    fields.subjectName,
    fields.spki,
    tlv(0xa3, sequence(...fields.extensions)),
  );
  return sequence(tbs, algorithm, bitString(await signBytes(issuerKey, tbs)));
}
