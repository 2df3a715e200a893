import type { CertificateExtension, KeyUsage } from './certificate.js';
import {
  context,
  contextConstructed,
  type DerLimits,
  type DerNode,
  DerReader,
  readDer,
  tags,
} from './der.js';
import { DerError } from './der-error.js';
import { booleanOf, counterOf, namedBitsOf, oidOf } from './der-value.js';
import { type GeneralName, readGeneralName, readGeneralNames } from './general-name.js';

const keyUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** Inside an extension's OCTET STRING; a certificate's own limit on bytes binds first. */
const extensionLimits: DerLimits = { maxBytes: 1 << 20, maxDepth: 20, maxElements: 20_000 };

/** Extensions ::= SEQUENCE SIZE (1..MAX); an extension that occurs twice is handed to `onDuplicate` (RFC 5280 4.2). */
export function readExtensions(
  node: DerNode,
  onDuplicate: (oid: string) => never,
): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  for (const item of DerReader.of(node, tags.sequence, 'extensions').all(tags.sequence, 'extensions')) {
    const reader = new DerReader(item.content);
    const oid = oidOf(reader.next(tags.oid, 'extension identifier').content);
    const critical = readDefaultFalse(reader, tags.boolean, `critical of ${oid}`);
    const value = reader.next(tags.octetString, `value of ${oid}`).content;
    reader.end(`extension ${oid}`);
    if (extensions.has(oid)) onDuplicate(oid);
    extensions.set(oid, Object.freeze({ oid, critical, value }));
  }
  return extensions;
}

/** BOOLEAN DEFAULT FALSE: present only when TRUE (X.690 11.5). */
export function readDefaultFalse(reader: DerReader, tag: number, what: string): boolean {
  const node = reader.optional(tag, what);
  if (node === undefined) return false;
  if (!booleanOf(node.content)) throw new DerError(`${what}: the default is encoded`);
  return true;
}

/** RFC 5280 4.2.1.9. */
export function readBasicConstraints(value: Uint8Array): { cA: boolean; pathLength: number | undefined } {
  const reader = openSequence(value, 'basicConstraints');
  const cA = readDefaultFalse(reader, tags.boolean, 'cA');
  const length = reader.optional(tags.integer, 'pathLenConstraint');
  reader.end('basicConstraints');
  return Object.freeze({ cA, pathLength: length === undefined ? undefined : counterOf(length.content) });
}

/** RFC 5280 4.2.1.3: at least one bit is set. */
export function readKeyUsage(value: Uint8Array): ReadonlySet<KeyUsage> {
  const bits = namedBitsOf(open(value, tags.bitString, 'keyUsage').content);
  const usages = keyUsages.filter((_, bit) => bits.has(bit));
  if (usages.length === 0) throw new DerError('keyUsage without a usage');
  return new Set(usages);
}

/** RFC 5280 4.2.1.12. */
export function readExtendedKeyUsage(value: Uint8Array): ReadonlySet<string> {
  const purposes = openSequence(value, 'extKeyUsage').all(tags.oid, 'extKeyUsage');
  return new Set(purposes.map((purpose) => oidOf(purpose.content)));
}

/** RFC 5280 4.2.1.2. */
export function readSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  return open(value, tags.octetString, 'subjectKeyIdentifier').content;
}

/** RFC 5280 4.2.1.1: the keyIdentifier; issuer and serial come together or not at all. */
export function readAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const reader = openSequence(value, 'authorityKeyIdentifier');
  const identifier = reader.optional(context(0), 'keyIdentifier');
  const issuer = reader.optional(contextConstructed(1), 'authorityCertIssuer');
  if (issuer !== undefined) readGeneralNames(issuer.content, 'authorityCertIssuer');
  const serial = reader.optional(context(2), 'authorityCertSerialNumber');
  reader.end('authorityKeyIdentifier');
  if ((issuer === undefined) !== (serial === undefined)) throw new DerError('issuer without serial number');
  return identifier?.content;
}

/** RFC 5280 4.2.1.6, 4.2.1.7. */
export function readAlternativeNames(value: Uint8Array, what: string): readonly GeneralName[] {
  return Object.freeze(readGeneralNames(open(value, tags.sequence, what).content, what));
}

/** RFC 5280 4.2.2.1: the locations of id-ad-ocsp, in order. */
export function readOcspUrls(value: Uint8Array): readonly string[] {
  const urls: string[] = [];
  for (const item of openSequence(value, 'authorityInfoAccess').all(tags.sequence, 'authorityInfoAccess')) {
    const reader = new DerReader(item.content);
    const method = oidOf(reader.next(tags.oid, 'accessMethod').content);
    const location = readGeneralName(reader.any('accessLocation'), 'accessLocation', [4, 16]);
    reader.end('accessDescription');
    if (method === '1.3.6.1.5.5.7.48.1' && location.form === 'uri') urls.push(location.text);
  }
  return Object.freeze(urls);
}

/** RFC 6960 4.2.2.2.1: NULL. */
export function assertOcspNoCheck(value: Uint8Array): void {
  open(value, tags.null, 'ocsp-nocheck');
}

/** The one element of an extension's value. */
export function open(value: Uint8Array, tag: number, what: string): DerNode {
  const node = readDer(value, extensionLimits);
  if (node.tag !== tag) throw new DerError(`${what}: tag ${node.tag} instead of ${tag}`);
  return node;
}

export function openSequence(value: Uint8Array, what: string): DerReader {
  return new DerReader(open(value, tags.sequence, what).content);
}
