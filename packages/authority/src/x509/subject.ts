import { AttributeTypeAndValue, AttributeValue, Name, RelativeDistinguishedName } from '@peculiar/asn1-x509';
import { DerReader, dottedOid } from '../der/reader.js';
import { AuthorityError } from '../error.js';
import { attributeOids } from './oids.js';

type AttributeName = keyof typeof attributeOids;

/** A name as an ordered list: the order of the request is kept. */
export type Subject = readonly { readonly name: AttributeName; readonly value: string }[];

/** Upper bounds of RFC 5280 appendix A.1, in characters. */
const maxLengths: Readonly<Record<AttributeName, number>> = {
  CN: 64,
  serialNumber: 64,
  C: 2,
  L: 128,
  ST: 128,
  O: 64,
  OU: 64,
  emailAddress: 255,
};

const nameOfOid = new Map<string, AttributeName>(
  Object.entries(attributeOids).map(([name, oid]) => [oid, name as AttributeName]),
);

// Cc control, Cf format (bidi, zero width), Cs lone surrogates, Co private, Cn unassigned, Zl/Zp line separators:
// what a screen cannot show as itself.
const unshowable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

const refuse = (message: string, cause?: unknown): AuthorityError =>
  new AuthorityError('CSR_SUBJECT_INVALID', message, { cause });

/**
 * Reads the Name of a request: known attributes, each once, one in each RDN, text that shows what it is.
 * @throws {AuthorityError} CSR_SUBJECT_INVALID
 * @throws {DerError} where the bytes are no Name
 */
export function readSubject(nameContent: Uint8Array): Subject {
  const attributes: { name: AttributeName; value: string }[] = [];
  const rdns = new DerReader(nameContent);
  while (!rdns.atEnd) {
    const members = new DerReader(rdns.expect(0x31).content);
    const attribute = new DerReader(members.expect(0x30).content);
    if (!members.atEnd) throw refuse('A name with several attributes in one part is not accepted.');
    const oid = dottedOid(attribute.expect(0x06).content);
    const name = nameOfOid.get(oid);
    if (name === undefined) throw refuse(`The name has an attribute that is not accepted: ${oid}.`);
    const text = attribute.next();
    attribute.end();
    attributes.push({ name, value: decodeText(text.tag, text.content, name) });
  }
  return assertSubject(attributes);
}

/**
 * Checks a name wherever it came from; returns it with its texts in Unicode NFC.
 * @throws {AuthorityError} CSR_SUBJECT_INVALID
 */
export function assertSubject(subject: Subject): Subject {
  const seen = new Set<AttributeName>();
  for (const { name, value } of subject) {
    if (seen.has(name)) throw refuse(`The name has more than one ${name}.`);
    seen.add(name);
    assertText(name, value);
  }
  if (!seen.has('CN')) throw refuse('The name has no common name (CN).');
  return subject.map(({ name, value }) => ({ name, value: value.normalize('NFC') }));
}

function assertText(name: AttributeName, value: string): void {
  const length = [...value].length;
  if (length === 0 || value.trim() !== value) {
    throw refuse(`The ${name} is empty or begins or ends with a space.`);
  }
  if (length > maxLengths[name]) {
    throw refuse(`The ${name} is longer than ${maxLengths[name]} characters.`);
  }
  if (unshowable.test(value)) {
    throw refuse(`The ${name} holds a character that cannot be shown (control, direction or invisible).`);
  }
  if (name === 'C' && !/^[A-Z]{2}$/.test(value)) throw refuse('The country (C) is not two capital letters.');
  if (name === 'emailAddress' && !/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(value)) {
    throw refuse('The emailAddress is not an address.');
  }
}

/** Charset rules of X.680: no string type may smuggle bytes that another reader shows differently. */
function decodeText(tag: number, content: Uint8Array, name: AttributeName): string {
  const bytes = Buffer.from(content);
  try {
    if (tag === 0x0c) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (tag === 0x13 && /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(bytes.toString('latin1'))) {
      return bytes.toString('latin1');
    }
    if (tag === 0x16 && bytes.every((octet) => octet < 0x80)) return bytes.toString('latin1');
    if (tag === 0x1e && bytes.length % 2 === 0) return Buffer.from(bytes).swap16().toString('utf16le');
  } catch (cause) {
    throw refuse(`The ${name} is not valid text.`, cause);
  }
  throw refuse(`The ${name} is not valid text of an accepted string type.`);
}

/** The common name; a Subject that was checked has one. */
export function commonName(subject: Subject): string {
  const value = subject.find(({ name }) => name === 'CN')?.value;
  if (value === undefined) throw refuse('The name has no common name (CN).');
  return value;
}

/** RFC 4514 text: last attribute first. What `assertSubject` lets through needs no other escapes (2.4). */
export function subjectText(subject: Subject): string {
  const escaped = (value: string): string => value.replace(/[",+;<>\\]|^#/g, '\\$&');
  return subject
    .map(({ name, value }) => `${name}=${escaped(value)}`)
    .reverse()
    .join(',');
}

/** For the typed library: UTF8String, but the types RFC 5280 appendix A fixes for C, serialNumber, emailAddress. */
export function encodeName(subject: Subject): Name {
  return new Name(
    subject.map(
      ({ name, value }) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({ type: attributeOids[name], value: attributeValue(name, value) }),
        ]),
    ),
  );
}

function attributeValue(name: AttributeName, value: string): AttributeValue {
  if (name === 'C' || name === 'serialNumber') return new AttributeValue({ printableString: value });
  if (name === 'emailAddress') return new AttributeValue({ ia5String: value });
  return new AttributeValue({ utf8String: value });
}

/** Two organizations may not have names that people read as the same. */
export function comparableName(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();
}
