import { describe, expect, it } from 'vitest';
import type { DistinguishedName } from './certificate.js';
import { context, type DerLimits, readDer } from './der.js';
import { cn, directory, hex, name, oid, sequence, text, tlv } from './forge-fixtures.js';
import { readGeneralName } from './general-name.js';
import { isWithin, nameKey, namesEqual, readName } from './name.js';

const limits: DerLimits = { maxBytes: 65_536, maxDepth: 10, maxElements: 1_000 };
const read = (der: Uint8Array): DistinguishedName => readName(readDer(der, limits), 'name');
const common = (value: string, tag = 0x0c): DistinguishedName => read(name(['2.5.4.3', value, tag]));

describe('equality of names (RFC 5280 7.1)', () => {
  it.each([
    ['case', common('Jami Org'), common('JAMI oRG')],
    ['string types', common('Jami', 0x13), common('jami', 0x0c)],
    ['spare white space', common('  Jami \t  Org '), common('Jami Org')],
    ['composition of letters', common('é'), common('e\u0301')],
    ['width', common('Ｊａｍｉ'), common('Jami')],
    ['characters nobody sees', common('Ja\u00admi\u200b'), common('Jami')],
  ])('does not see %s', (_, a, b) => {
    expect(namesEqual(a, b)).toBe(true);
    expect(nameKey(a)).toBe(nameKey(b));
  });

  it.each([
    ['another value', common('Jami'), common('Jami 2')],
    ['another type', read(name(['2.5.4.3', 'a'])), read(name(['2.5.4.10', 'a']))],
    [
      'another order',
      read(name(['2.5.4.3', 'a'], ['2.5.4.10', 'b'])),
      read(name(['2.5.4.10', 'b'], ['2.5.4.3', 'a'])),
    ],
    ['one RDN more', read(name(['2.5.4.3', 'a'])), read(name(['2.5.4.3', 'a'], ['2.5.4.3', 'a']))],
    ['letters that look alike', common('Jami'), common('Jаmi')],
    [
      'two RDNs that are one in the other',
      read(name(['2.5.4.3', 'a'], ['2.5.4.10', 'b'])),
      read(
        sequence(
          tlv(0x31, sequence(oid('2.5.4.3'), text(0x0c, 'a')), sequence(oid('2.5.4.10'), text(0x0c, 'b'))),
        ),
      ),
    ],
  ])('sees %s', (_, a, b) => {
    expect(namesEqual(a, b)).toBe(false);
    expect(nameKey(a)).not.toBe(nameKey(b));
  });

  it('compares what is not text by its bytes', () => {
    const bits = (value: string): DistinguishedName =>
      read(sequence(tlv(0x31, sequence(oid('2.5.4.45'), hex(value)))));
    expect(namesEqual(bits('03020780'), bits('03020780'))).toBe(true);
    expect(namesEqual(bits('03020780'), bits('03020640'))).toBe(false);
    expect(bits('03020780').text).toBe('2.5.4.45=#03020780');
  });

  it('knows what lies within what', () => {
    const base = read(name(['2.5.4.6', 'CA'], ['2.5.4.10', 'Jami']));
    expect(isWithin(read(name(['2.5.4.6', 'ca'], ['2.5.4.10', 'JAMI'], ['2.5.4.3', 'x'])), base)).toBe(true);
    expect(isWithin(base, base)).toBe(true);
    expect(isWithin(read(name(['2.5.4.6', 'CA'])), base)).toBe(false);
    expect(isWithin(read(name(['2.5.4.10', 'Jami'], ['2.5.4.6', 'CA'])), base)).toBe(false);
  });
});

describe('text of names (RFC 4514)', () => {
  it('stands in reverse, with descriptors and escapes', () => {
    expect(read(name(['2.5.4.6', 'CA'], ['2.5.4.10', 'a, "b"'], ['2.5.4.3', ' #x+ '])).text).toBe(
      'CN=\\ #x\\+\\ ,O=a\\, \\"b\\",C=CA',
    );
    expect(common('#x').text).toBe('CN=\\#x');
    expect(read(sequence()).text).toBe('');
    expect(read(name(['1.2.3', 'x'])).text).toBe('1.2.3=#0c0178');
  });

  it('shows control and bidirectional characters as octets', () => {
    expect(common('a\u202eb\nc\0').text).toBe('CN=a\\e2\\80\\aeb\\0ac\\00');
  });
});

describe('general names', () => {
  const general = (der: Uint8Array): unknown => readGeneralName(readDer(der, limits), 'name', [4]);
  it('of each form', () => {
    expect(general(text(context(2), 'a.example'))).toEqual({ form: 'dns', text: 'a.example' });
    expect(general(directory(cn('x')))).toMatchObject({ form: 'directory', name: { text: 'CN=x' } });
    expect(() => general(tlv(context(7), hex('00')))).toThrow('wrong length');
    expect(() => general(tlv(0xa4, cn('x'), hex('0500')))).toThrow('too many');
  });
});
