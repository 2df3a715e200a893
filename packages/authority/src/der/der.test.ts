import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerError, DerReader, dottedOid, readOnly } from './reader.js';
import { certificateTime, generalizedTime, objectIdentifier, tlv, unsignedInteger } from './writer.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('what the writer writes', () => {
  it('is read back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x04, 0x0c, 0x30, 0xa0),
        fc.uint8Array({ maxLength: 70_000 }),
        (tag, content) => {
          expect(Buffer.from(readOnly(tlv(tag, content), tag).content).equals(content)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
    for (const length of [0, 127, 128, 255, 256, 65_535, 65_536]) {
      expect(readOnly(tlv(0x04, Buffer.alloc(length)), 0x04).content.length).toBe(length);
    }
  });

  it('has minimal integers and object identifiers of any size', () => {
    expect(unsignedInteger(0).toString('hex')).toBe('020100');
    expect(unsignedInteger(127).toString('hex')).toBe('02017f');
    expect(unsignedInteger(128).toString('hex')).toBe('02020080');
    expect(unsignedInteger(2n ** 64n).toString('hex')).toBe('0209010000000000000000');
    for (const oid of [
      '1.2.840.113549.1.1.11',
      '2.5.4.3',
      '2.25.230124882845578444087852099794345995598',
      '0.0',
      '2.999.1',
    ]) {
      expect(dottedOid(readOnly(objectIdentifier(oid), 0x06).content)).toBe(oid);
    }
  });

  it('writes times as certificates need them', () => {
    const text = (der: Buffer): string => der.subarray(2).toString('latin1');
    expect(text(certificateTime(new Date('2049-12-31T23:59:59.999Z')))).toBe('491231235959Z');
    expect(text(certificateTime(new Date('2050-01-01T00:00:00Z')))).toBe('20500101000000Z');
    expect(text(generalizedTime(new Date('2026-11-22T01:02:03.004Z')))).toBe('20261122010203Z');
  });
});

describe('the reader refuses', () => {
  it.each([
    ['nothing', ''],
    ['a tag without length', '04'],
    ['a length without content', '0402 01'],
    ['an indefinite length', '3080 0000'],
    ['a long form for a short length', '04 81 01 00'],
    ['a leading zero in the length', '04 82 00 80'],
    ['a length of five octets', '04 85 0100000000'],
    ['a tag of several octets', '1f 81 00 00'],
    ['bytes behind the element', '0400 00'],
  ])('%s', (_what, bytes) => {
    expect(() => readOnly(hex(bytes), hex(bytes)[0] ?? 0)).toThrow(DerError);
  });

  it('an object identifier that is cut off, not minimal or endless', () => {
    for (const bytes of ['', '80 01', '2a 86', '2a 80 01', `2a ${'81'.repeat(70)} 01`]) {
      expect(() => dottedOid(hex(bytes)), bytes).toThrow(DerError);
    }
  });

  it('nothing else than with its own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const walk = (content: Uint8Array, depth: number): void => {
          const reader = new DerReader(content);
          while (!reader.atEnd) {
            const element = reader.next();
            if ((element.tag & 0x20) !== 0 && depth < 20) walk(element.content, depth + 1);
          }
        };
        try {
          walk(bytes, 0);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
    );
  });
});
