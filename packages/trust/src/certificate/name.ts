import type { DistinguishedName } from './certificate.js';
import { type DerNode, DerReader, tags } from './der.js';
import { DerError } from './der-error.js';
import { oidOf, textOf } from './der-value.js';
import { canonicalText, escapeAttribute } from './name-text.js';

interface Attribute {
  readonly type: string;
  readonly value: string;
  /** Text form for people; equal attributes of any string type have equal canonical forms. */
  readonly text: string;
  readonly canonical: string;
}

/** RFC 5280 appendix A allows 64 to 32,768 characters by type; normalising text costs more than its length. */
const maximumAttributeBytes = 2_048;

/** Descriptors registered with IANA for RFC 4514 text. */
const descriptors: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.42', 'givenName'],
  ['2.5.4.43', 'initials'],
  ['2.5.4.44', 'generationQualifier'],
  ['2.5.4.46', 'dnQualifier'],
  ['2.5.4.65', 'pseudonym'],
  ['2.5.4.97', 'organizationIdentifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
]);

/** Reads a Name (RFC 5280 4.1.2.4): RDNSequence, each RDN a SET OF in DER order. */
export function readName(node: DerNode, what: string): DistinguishedName {
  const rdns = DerReader.of(node, tags.sequence, what)
    .all(tags.set, what, 0)
    .map((rdn) => readRelativeName(rdn, what));
  return Object.freeze({
    der: node.der,
    text: rdns
      .map((rdn) => rdn.map((attribute) => attribute.text).join('+'))
      .reverse()
      .join(','),
    attributes: Object.freeze(rdns.flat().map(({ type, value }) => Object.freeze({ type, value }))),
    canonicalRdns: Object.freeze(rdns.map(canonicalRdn)),
  });
}

/** One RDN as it stands inside DistributionPointName [1]; its canonical form. */
export function readRelativeNameFragment(node: DerNode, what: string): string {
  return canonicalRdn(readRelativeName(node, what));
}

/** RFC 5280 7.1: same RDNs in the same order, attributes compared as text without case and spare white space. */
export function namesEqual(a: DistinguishedName, b: DistinguishedName): boolean {
  return a.canonicalRdns.length === b.canonicalRdns.length && isWithin(a, b);
}

/** RFC 5280 4.2.1.10: `base` is `name` or an ancestor of it in the directory. */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.canonicalRdns.every((rdn, index) => rdn === name.canonicalRdns[index]);
}

/** A key that equal names share, and no others. */
export function nameKey(name: DistinguishedName): string {
  return JSON.stringify(name.canonicalRdns);
}

// An RDN is a set: attributes in any order are the same RDN.
function canonicalRdn(attributes: readonly Attribute[]): string {
  return attributes
    .map((attribute) => attribute.canonical)
    .sort()
    .join('\u0001');
}

function readRelativeName(rdn: DerNode, what: string): Attribute[] {
  const reader = new DerReader(rdn.content);
  const attributes: Attribute[] = [];
  let previous: Uint8Array | undefined;
  while (!reader.done) {
    const node = reader.next(tags.sequence, what);
    // X.690 11.6: the elements of a SET OF stand in ascending order.
    if (previous !== undefined && Buffer.compare(previous, node.der) >= 0)
      throw new DerError(`${what}: SET OF out of order`);
    previous = node.der;
    attributes.push(readAttribute(node, what));
  }
  if (attributes.length === 0) throw new DerError(`${what}: empty RDN`);
  return attributes;
}

function readAttribute(node: DerNode, what: string): Attribute {
  const reader = DerReader.of(node, tags.sequence, what);
  const type = oidOf(reader.next(tags.oid, `${what} attribute type`).content);
  const raw = reader.any(`${what} attribute value`);
  reader.end(`${what} attribute`);
  if (raw.content.length > maximumAttributeBytes) throw new DerError(`${what}: attribute too long`);
  const value = textOf(raw.tag, raw.content);
  const descriptor = descriptors.get(type);
  const hex = `#${Buffer.from(raw.der).toString('hex')}`;
  return {
    type,
    value: value ?? hex,
    // RFC 4514 2.4: the value of an attribute without descriptor is written as its encoding.
    text: `${descriptor ?? type}=${descriptor === undefined || value === undefined ? hex : escapeAttribute(value)}`,
    canonical: `${type}\u0002${value === undefined ? hex : `=${canonicalText(value)}`}`,
  };
}
