/**
 * The few DER (X.690) encoders that the hot paths need: OCSP answers and CRLs are laid out from prepared parts,
 * because the typed ASN.1 library encodes only some hundred answers a second.
 */

/** One tag-length-value, definite and minimal length (X.690 10.1). */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  const header = lengthOctets(length);
  const out = Buffer.allocUnsafe(1 + header.length + length);
  out[0] = tag;
  out.set(header, 1);
  let offset = 1 + header.length;
  for (const content of contents) {
    out.set(content, offset);
    offset += content.length;
  }
  return out;
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tlv(0x30, ...contents);
export const octetString = (content: Uint8Array): Buffer => tlv(0x04, content);
/** BIT STRING without unused bits. */
export const bitString = (content: Uint8Array): Buffer => tlv(0x03, Buffer.of(0), content);
export const derNull: Buffer = Buffer.of(0x05, 0x00);

/** INTEGER of a number that is not negative. */
export function unsignedInteger(value: bigint | number): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  return tlv(0x02, Buffer.from(hex, 'hex'));
}

/** OBJECT IDENTIFIER; arcs may exceed 64 bits (2.25.<UUID>). */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  const octets = [first * 40n + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    return groups;
  });
  return tlv(0x06, Buffer.from(octets));
}

/** GeneralizedTime to the second, always Zulu (RFC 5280 4.1.2.5.2). */
export function generalizedTime(time: Date): Buffer {
  return tlv(0x18, Buffer.from(`${digits(time)}Z`, 'latin1'));
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
export function certificateTime(time: Date): Buffer {
  const year = time.getUTCFullYear();
  if (year < 1950 || year >= 2050) return generalizedTime(time);
  return tlv(0x17, Buffer.from(`${digits(time).slice(2)}Z`, 'latin1'));
}

function digits(time: Date): string {
  return time.toISOString().slice(0, 19).replace(/[-T:]/g, '');
}
