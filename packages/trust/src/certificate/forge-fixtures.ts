/** Writes certificates byte by byte, for tests of what `openssl` refuses to make. Knows nothing of the reader. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Der = Uint8Array;

/** One element; parts are concatenated. */
export function tlv(tag: number, ...parts: readonly Der[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
export const text = (tag: number, value: string): Buffer => tlv(tag, Buffer.from(value, 'utf8'));
export const sequence = (...parts: readonly Der[]): Buffer => tlv(0x30, ...parts);
export const integer = (...octets: number[]): Buffer => tlv(0x02, Buffer.from(octets));
export const bitString = (content: Der, unused = 0): Buffer => tlv(0x03, Buffer.from([unused]), content);
export const octetString = (content: Der): Buffer => tlv(0x04, content);
export const isTrue = hex('0101ff');

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift(128 + (left % 128));
    return groups;
  });
  return tlv(0x06, Buffer.from(octets));
}

/** A name of single-valued RDNs: pairs of type and value, UTF8String unless a tag says otherwise. */
export function name(
  ...attributes: readonly (readonly [type: string, value: string, tag?: number])[]
): Buffer {
  return sequence(
    ...attributes.map(([type, value, tag]) => tlv(0x31, sequence(oid(type), text(tag ?? 0x0c, value)))),
  );
}

export const cn = (value: string): Buffer => name(['2.5.4.3', value]);

export function extension(type: string, value: Der, critical = false): Buffer {
  return sequence(oid(type), ...(critical ? [isTrue] : []), octetString(value));
}

export const ca = (pathLength?: number): Buffer =>
  extension('2.5.29.19', sequence(isTrue, ...(pathLength === undefined ? [] : [integer(pathLength)])), true);
/** GeneralName forms that are text. */
export const email = (value: string): Buffer => text(0x81, value);
export const dns = (value: string): Buffer => text(0x82, value);
export const uri = (value: string): Buffer => text(0x86, value);
export const address = (octets: string): Buffer => tlv(0x87, hex(octets));
export const directory = (value: Der): Buffer => tlv(0xa4, value);
export const otherName = (type: string, value: Der): Buffer => tlv(0xa0, oid(type), tlv(0xa0, value));

export const altNames = (...names: readonly Der[]): Buffer => extension('2.5.29.17', sequence(...names));
export function nameConstraints(permitted: readonly Der[], excluded: readonly Der[] = []): Buffer {
  const subtrees = (tag: number, names: readonly Der[]): Buffer[] =>
    names.length === 0 ? [] : [tlv(tag, ...names.map((base) => sequence(base)))];
  return extension('2.5.29.30', sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)), true);
}
export const policies = (...ids: readonly string[]): Buffer =>
  extension('2.5.29.32', sequence(...ids.map((id) => sequence(oid(id)))));

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
}

export function newRsaKey(modulusLength = 2048): KeyPair {
  return keyPairOf(generateKeyPairSync('rsa', { modulusLength }).privateKey);
}

export function newKey(namedCurve = 'P-256'): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return keyPairOf(privateKey);
}

function keyPairOf(privateKey: KeyObject): KeyPair {
  const own = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return { privateKey: own, spki: createPublicKey(own).export({ type: 'spki', format: 'der' }) };
}

export const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'));

export interface Forgery {
  readonly subject: Der;
  readonly key: KeyPair;
  /** Absent: self-signed. */
  readonly issuer?: { readonly subject: Der; readonly key: KeyPair } | undefined;
  readonly extensions?: readonly Der[] | undefined;
  /** Each replaces the part of that name, whole element; an empty one leaves it out. */
  readonly version?: Der;
  readonly serial?: Der;
  readonly innerAlgorithm?: Der;
  readonly outerAlgorithm?: Der;
  readonly validity?: Der;
  readonly spki?: Der;
  /** The whole [3] element. */
  readonly explicitExtensions?: Der;
  readonly extraTbs?: Der;
  readonly extraOuter?: Der;
  readonly signatureBits?: Der;
  /** What is hashed before signing; default `sha256`. */
  readonly hash?: string | null;
}

export const validity = (from = '260101000000Z', to = '270101000000Z'): Buffer =>
  sequence(text(0x17, from), text(0x17, to));

let serials = 1;

/** One certificate, signed with ECDSA and SHA-256 by the issuer's key. */
export function forge(wish: Forgery): Buffer {
  const issuer = wish.issuer ?? wish;
  serials += 1;
  const serial = integer(1, (serials >> 16) & 0xff, (serials >> 8) & 0xff, serials & 0xff);
  const extensions = wish.extensions ?? [];
  const tbs = sequence(
    wish.version ?? hex('a003020102'),
    wish.serial ?? serial,
    wish.innerAlgorithm ?? ecdsaSha256,
    issuer.subject,
    wish.validity ?? validity(),
    wish.subject,
    wish.spki ?? wish.key.spki,
    wish.explicitExtensions ?? (extensions.length === 0 ? hex('') : tlv(0xa3, sequence(...extensions))),
    wish.extraTbs ?? hex(''),
  );
  const signature = sign(wish.hash === undefined ? 'sha256' : wish.hash, tbs, issuer.key.privateKey);
  return sequence(
    tbs,
    wish.outerAlgorithm ?? wish.innerAlgorithm ?? ecdsaSha256,
    wish.signatureBits ?? bitString(signature),
    wish.extraOuter ?? hex(''),
  );
}
