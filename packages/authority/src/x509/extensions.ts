import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AccessDescription,
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  CRLDistributionPoints,
  DistributionPoint,
  DistributionPointName,
  ExtendedKeyUsage,
  GeneralName,
  id_ad_ocsp,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { derNull, objectIdentifier, octetString, sequence, tlv } from '../der/writer.js';
import { extensionOids, purposeOids } from './oids.js';

const derTrue = tlv(0x01, Buffer.of(0xff));

/** One Extension, DER (RFC 5280 4.1). */
export function extension(oid: string, critical: boolean, value: Uint8Array): Buffer {
  return critical
    ? sequence(objectIdentifier(oid), derTrue, octetString(value))
    : sequence(objectIdentifier(oid), octetString(value));
}

const typed = (oid: string, critical: boolean, value: object): Buffer =>
  extension(oid, critical, new Uint8Array(AsnConvert.serialize(value)));

/** RFC 5280 4.2.1.9. For a leaf the empty sequence: cA FALSE is the default. */
export const basicConstraints = (cA: boolean, pathLength?: number): Buffer =>
  typed(
    extensionOids.basicConstraints,
    true,
    new BasicConstraints(pathLength === undefined ? { cA } : { cA, pathLenConstraint: pathLength }),
  );

export const certificateSigning = (): Buffer =>
  typed(extensionOids.keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign));

export const dataSigning = (): Buffer =>
  typed(extensionOids.keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature));

/** Critical for a responder, so that its certificate can be taken for nothing else. */
export const purpose = (name: keyof typeof purposeOids): Buffer =>
  typed(extensionOids.extendedKeyUsage, name === 'ocspSigning', new ExtendedKeyUsage([purposeOids[name]]));

export const subjectKeyIdentifier = (keyId: Uint8Array): Buffer =>
  extension(extensionOids.subjectKeyIdentifier, false, octetString(keyId));

export const authorityKeyIdentifier = (keyId: Uint8Array): Buffer =>
  typed(
    extensionOids.authorityKeyIdentifier,
    false,
    new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(copy(keyId)) }),
  );

/** RFC 5280 4.2.1.6: host names and IP addresses in their text form. */
export const subjectAltName = (names: readonly string[], addresses: readonly string[]): Buffer =>
  typed(
    extensionOids.subjectAltName,
    false,
    new SubjectAlternativeName([
      ...names.map((dNSName) => new GeneralName({ dNSName })),
      ...addresses.map((iPAddress) => new GeneralName({ iPAddress })),
    ]),
  );

/** RFC 5280 4.2.2.1, id-ad-ocsp only. */
export const ocspResponder = (url: string): Buffer =>
  typed(
    extensionOids.authorityInfoAccess,
    false,
    new AuthorityInfoAccessSyntax([
      new AccessDescription({
        accessMethod: id_ad_ocsp,
        accessLocation: new GeneralName({ uniformResourceIdentifier: url }),
      }),
    ]),
  );

/** RFC 5280 4.2.1.13, one full name. */
export const crlDistributionPoint = (url: string): Buffer =>
  typed(
    extensionOids.crlDistributionPoints,
    false,
    new CRLDistributionPoints([
      new DistributionPoint({
        distributionPoint: new DistributionPointName({
          fullName: [new GeneralName({ uniformResourceIdentifier: url })],
        }),
      }),
    ]),
  );

/** RFC 6960 4.2.2.2.1: this short-lived responder certificate is not asked about. */
export const ocspNoCheck = (): Buffer => extension(extensionOids.ocspNoCheck, false, derNull);

const copy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
