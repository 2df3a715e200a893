import { DerError } from './der-error.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Checks the canonical form of a primitive universal value (X.690 8, 10, 11); other classes are opaque here. */
export function assertUniversalValue(tag: number, content: Uint8Array, offset: number): void {
  if (tag === -1 || tag >= 0x40) return;
  switch (tag) {
    case 0x01:
      booleanOf(content);
      return;
    case 0x02:
    case 0x0a:
      assertInteger(content);
      return;
    case 0x03:
      bitsOf(content);
      return;
    case 0x05:
      if (content.length > 0) throw new DerError(`NULL with contents at ${offset}`);
      return;
    case 0x06:
      oidOf(content);
      return;
    case 0x0c:
      textOf(tag, content);
      return;
    case 0x17:
    case 0x18:
      timeOf(tag, content);
      return;
    case 0x00:
    case 0x10:
    case 0x11:
      throw new DerError(`primitive encoding of tag ${tag} at ${offset}`);
    default:
      return;
  }
}

/** X.690 11.1: FALSE is 00 and TRUE is FF. */
export function booleanOf(content: Uint8Array): boolean {
  const [value] = content;
  if (content.length !== 1 || (value !== 0x00 && value !== 0xff))
    throw new DerError('BOOLEAN is not canonical');
  return value === 0xff;
}

/** X.690 8.3.2: one octet at least, and the first nine bits neither all zero nor all one. */
export function assertInteger(content: Uint8Array): void {
  const [first, second] = content;
  if (first === undefined) throw new DerError('INTEGER is empty');
  if (second === undefined) return;
  if ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80))
    throw new DerError('INTEGER is not minimal');
}

/** A non-negative INTEGER that fits in 31 bits; larger ones are read as 2^31 - 1 (counters only ever compare). */
export function counterOf(content: Uint8Array): number {
  assertInteger(content);
  if ((content[0] ?? 0) >= 0x80) throw new DerError('INTEGER is negative');
  if (content.length > 4) return 0x7fffffff;
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** A non-negative INTEGER as a number without a bound. */
export function unsignedOf(content: Uint8Array): bigint {
  assertInteger(content);
  if ((content[0] ?? 0) >= 0x80) throw new DerError('INTEGER is negative');
  return BigInt(`0x${Buffer.from(content).toString('hex')}`);
}

/** Dotted text of an OBJECT IDENTIFIER (X.690 8.19): minimal arcs, none cut short. */
export function oidOf(content: Uint8Array): string {
  if (content.length === 0 || content.length > 128) throw new DerError('OBJECT IDENTIFIER of a wrong length');
  let dotted = '';
  let arc = 0;
  let large = 0n;
  let start = true;
  for (const octet of content) {
    if (start && octet === 0x80) throw new DerError('OBJECT IDENTIFIER is not minimal');
    // Arcs have no upper bound: numbers as long as they are exact, then bigints.
    if (large > 0n || arc > 0x3ffffffffff) large = (large || BigInt(arc)) * 128n + BigInt(octet & 0x7f);
    else arc = arc * 128 + (octet & 0x7f);
    start = octet < 0x80;
    if (!start) continue;
    dotted += dotted === '' ? firstArcs(large || arc) : `.${large || arc}`;
    arc = 0;
    large = 0n;
  }
  if (!start) throw new DerError('OBJECT IDENTIFIER is cut short');
  return dotted;
}

// X.690 8.19.4: the first two arcs share one number.
function firstArcs(value: number | bigint): string {
  if (value < 40) return `0.${value}`;
  if (value < 80) return `1.${BigInt(value) - 40n}`;
  return `2.${BigInt(value) - 80n}`;
}

/** BIT STRING contents: unused bits at most 7 and zero (X.690 8.6, 11.2.1). */
export function bitsOf(content: Uint8Array): { readonly bytes: Uint8Array; readonly unused: number } {
  const [unused] = content;
  const bytes = content.subarray(1);
  if (unused === undefined || unused > 7 || (unused > 0 && bytes.length === 0))
    throw new DerError('BIT STRING is malformed');
  if (((bytes[bytes.length - 1] ?? 0) & ((1 << unused) - 1)) !== 0)
    throw new DerError('BIT STRING with unused bits set');
  return { bytes, unused };
}

/** A BIT STRING that holds whole octets, as keys and signatures do. */
export function wholeOctetsOf(content: Uint8Array): Uint8Array {
  const { bytes, unused } = bitsOf(content);
  if (unused !== 0) throw new DerError('BIT STRING is not made of whole octets');
  return bytes;
}

/** A named bit list: the numbers of the bits that are set; trailing zero bits are not encoded (X.690 11.2.2). */
export function namedBitsOf(content: Uint8Array): ReadonlySet<number> {
  const { bytes, unused } = bitsOf(content);
  const last = bytes[bytes.length - 1];
  if (last !== undefined && (last & (1 << unused)) === 0)
    throw new DerError('named bits with trailing zeros');
  const set = new Set<number>();
  for (const [index, octet] of bytes.entries())
    for (let bit = 0; bit < 8; bit += 1) if ((octet & (0x80 >> bit)) !== 0) set.add(index * 8 + bit);
  return set;
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 allows them: Zulu, with seconds, without a fraction,
 * and a date that exists. GeneralizedTime before 2050 is read (PKITS 4.2.4 holds it valid).
 */
export function timeOf(tag: number, content: Uint8Array): Date {
  const yearDigits = tag === 0x18 ? 4 : 2;
  if (content.length !== yearDigits + 11 || content[content.length - 1] !== 0x5a)
    throw new DerError('time is not [YY]YYMMDDHHMMSSZ');
  const shortYear = digitsOf(content, 0, yearDigits);
  const year = yearDigits === 4 ? shortYear : shortYear + (shortYear < 50 ? 2000 : 1900);
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = [0, 2, 4, 6, 8].map((offset) =>
    digitsOf(content, yearDigits + offset, 2),
  );
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    throw new DerError('time does not exist');
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) throw new DerError('time does not exist');
  date.setUTCHours(hour, minute, second);
  return date;
}

function digitsOf(content: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index += 1) {
    const digit = (content[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) throw new DerError('time is not made of digits');
    value = value * 10 + digit;
  }
  return value;
}

/** The text of a string type by its universal tag; undefined for anything that is not a string. */
export function textOf(tag: number, content: Uint8Array): string | undefined {
  switch (tag) {
    case 0x0c:
      try {
        return strictUtf8.decode(content);
      } catch (cause) {
        throw new DerError('UTF8String is not UTF-8', { cause });
      }
    case 0x12:
    case 0x13:
    case 0x16:
    case 0x1a:
      return asciiOf(content);
    case 0x14:
      return Buffer.from(content).toString('latin1');
    case 0x1c:
      return universalTextOf(content);
    case 0x1e:
      return bmpTextOf(content);
    default:
      return undefined;
  }
}

/** Seven-bit text (IA5String and its subsets). */
export function asciiOf(content: Uint8Array): string {
  for (const octet of content) if (octet >= 0x80) throw new DerError('string is not ASCII');
  return Buffer.from(content).toString('latin1');
}

function bmpTextOf(content: Uint8Array): string {
  if (content.length % 2 !== 0) throw new DerError('BMPString of an odd length');
  const text = Buffer.from(content).swap16().toString('utf16le');
  if (/[\ud800-\udfff]/.test(text)) throw new DerError('BMPString with a surrogate');
  return text;
}

function universalTextOf(content: Uint8Array): string {
  if (content.length % 4 !== 0) throw new DerError('UniversalString of a wrong length');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  let text = '';
  for (let offset = 0; offset < content.length; offset += 4) {
    const point = view.getUint32(offset);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      throw new DerError('UniversalString with a surrogate or beyond Unicode');
    text += String.fromCodePoint(point);
  }
  return text;
}
