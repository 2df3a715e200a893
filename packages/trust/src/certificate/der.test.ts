import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DerLimits, readDer } from './der.js';
import { DerError } from './der-error.js';
import { counterOf, namedBitsOf, oidOf, textOf, timeOf } from './der-value.js';

const limits: DerLimits = { maxBytes: 4_096, maxDepth: 5, maxElements: 50 };
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('readDer', () => {
  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['bytes behind the end', '0500 00'],
    ['an indefinite length', '3080 0500 0000'],
    ['a long length for a short one', '0481 01 00'],
    ['a length with a leading zero', '048200 80'.padEnd(6 + 2 + 256, '0')],
    ['a length of five octets', '0485 0000000001 00'],
    ['an element past its parent', '3003 0405 00'],
    ['a high tag for a low number', '1f1e 00'],
    ['a high tag with a leading zero', '1f801f 00'],
    ['a high tag without an end', '1fffffffff7f 00'],
    ['a constructed OCTET STRING', '2403 0401 00'],
    ['a primitive SEQUENCE', '1000'],
    ['end-of-contents', '0000'],
    ['a BOOLEAN that is 01', '0101 01'],
    ['a BOOLEAN of two octets', '0102 ffff'],
    ['an empty INTEGER', '0200'],
    ['an INTEGER with a leading zero', '0202 0001'],
    ['an INTEGER with leading ones', '0202 ff80'],
    ['NULL with contents', '0501 00'],
    ['an empty OBJECT IDENTIFIER', '0600'],
    ['an OBJECT IDENTIFIER cut short', '0602 2a80'],
    ['an OBJECT IDENTIFIER with a leading 80', '0603 2a8001'],
    ['a BIT STRING without a count', '0300'],
    ['a BIT STRING with eight unused bits', '0302 0800'],
    ['an empty BIT STRING with unused bits', '0301 01'],
    ['a BIT STRING with unused bits set', '0302 0101'],
    ['a UTF8String that is not UTF-8', '0c02 c080'],
    ['UTF-8 of a surrogate', '0c03 eda080'],
    ['a UTCTime without seconds', '170b 323630313031303030305a'],
    ['a GeneralizedTime with a fraction', '1811 32303236303130313030303030302e355a'],
  ])('refuses %s', (_, hex) => {
    expect(() => readDer(bytes(hex), limits)).toThrow(DerError);
  });

  it('refuses more bytes, depth and elements than allowed', () => {
    const nested = (depth: number): Buffer => {
      let der = bytes('0500');
      for (let level = 0; level < depth; level += 1)
        der = Buffer.concat([Buffer.from([0x30, der.length]), der]);
      return der;
    };
    expect(readDer(nested(4), limits).tag).toBe(0x30);
    expect(() => readDer(nested(5), limits)).toThrow('nested deeper than 5');
    const wide = (count: number): Buffer =>
      Buffer.concat([Buffer.from([0x30, count * 2]), Buffer.alloc(count * 2, '0500', 'hex')]);
    expect(readDer(wide(49), limits).tag).toBe(0x30);
    expect(() => readDer(wide(50), limits)).toThrow('more than 50 elements');
    expect(() => readDer(Buffer.alloc(4_097), limits)).toThrow('longer than 4096 bytes');
  });

  it('ends in an element or a DerError, whatever it is given', () => {
    const soup = fc.array(
      fc.oneof(fc.constantFrom(0x30, 0x31, 0x02, 0x06, 0x80, 0xa0, 0x1f, 0x00, 0x02, 0x81), fc.nat(255)),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(soup, (octets) => {
        const der = Uint8Array.from(octets);
        try {
          expect(readDer(der, limits).der).toHaveLength(der.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('values', () => {
  it('reads object identifiers with arcs of any size', () => {
    expect(oidOf(bytes('2a864886f70d01010b'))).toBe('1.2.840.113549.1.1.11');
    expect(oidOf(bytes('00'))).toBe('0.0');
    expect(oidOf(bytes('4f'))).toBe('1.39');
    expect(oidOf(bytes('883703'))).toBe('2.999.3');
    // 2.25.<UUID of all ones>
    expect(oidOf(bytes('6983ffffffffffffffffffffffffffffffffff7f'))).toBe(`2.25.${2n ** 128n - 1n}`);
    expect(() => oidOf(Buffer.alloc(129, 1))).toThrow(DerError);
  });

  it('reads times by RFC 5280 4.1.2.5', () => {
    const utc = (text: string): string => timeOf(0x17, Buffer.from(text)).toISOString();
    const generalized = (text: string): string => timeOf(0x18, Buffer.from(text)).toISOString();
    expect(utc('500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
    expect(utc('491231235959Z')).toBe('2049-12-31T23:59:59.000Z');
    expect(generalized('99991231235959Z')).toBe('9999-12-31T23:59:59.000Z');
    expect(generalized('00040229000000Z')).toBe('0004-02-29T00:00:00.000Z');
    for (const text of [
      '260229000000Z',
      '261301000000Z',
      '260001000000Z',
      '260100000000Z',
      '260101240000Z',
      '260101006000Z',
      '260101000060Z',
      '2601010000 0Z',
      '260101000000+0000',
      '2601010000Z',
    ])
      expect(() => utc(text), text).toThrow(DerError);
    expect(() => generalized('20260101000000.5Z')).toThrow(DerError);
    expect(() => generalized('20260101000000')).toThrow(DerError);
  });

  it('reads counters, and large ones as large', () => {
    expect(counterOf(bytes('00'))).toBe(0);
    expect(counterOf(bytes('7fffffff'))).toBe(0x7fffffff);
    expect(counterOf(bytes('0080000000'))).toBe(0x7fffffff);
    expect(() => counterOf(bytes('ff'))).toThrow('negative');
  });

  it('reads named bits without trailing zeros only', () => {
    expect([...namedBitsOf(bytes('0106'))]).toEqual([5, 6]);
    expect([...namedBitsOf(bytes('070680'))]).toEqual([5, 6, 8]);
    expect(() => namedBitsOf(bytes('0006'))).toThrow('trailing zeros');
    expect(() => namedBitsOf(bytes('000600'))).toThrow('trailing zeros');
  });

  it('reads the string types, each by its own rules', () => {
    expect(textOf(0x13, Buffer.from('Jami'))).toBe('Jami');
    expect(textOf(0x14, bytes('e9'))).toBe('é');
    expect(textOf(0x1e, bytes('00e9'))).toBe('é');
    expect(textOf(0x1c, bytes('0001f600'))).toBe('😀');
    expect(textOf(0x04, bytes('00'))).toBeUndefined();
    for (const [tag, hex] of [
      [0x16, 'e9'],
      [0x1e, '00'],
      [0x1e, 'd83dde00'],
      [0x1c, '0000d800'],
      [0x1c, '00110000'],
      [0x1c, '0000'],
    ] as const)
      expect(() => textOf(tag, bytes(hex)), hex).toThrow(DerError);
  });
});
