import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from './printable.js';

const dangerous = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

describe('printable', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Kb', 'a\\u{1b}[2Kb'],
    ['a C1 control sequence introducer', 'a\u009b2Kb', 'a\\u{9b}2Kb'],
    ['a carriage return', 'a\rb', 'a\\u{d}b'],
    ['a line break, which would begin a line of ours', 'a\nb', 'a\\u{a}b'],
    ['a right-to-left override', 'a\u202eb', 'a\\u{202e}b'],
    ['an invisible space', 'a\u200bb', 'a\\u{200b}b'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['a tag character outside the basic plane', 'a\u{e0041}b', 'a\\u{e0041}b'],
    ['nothing of ordinary text', 'Whiteboard – “été” 白板 😀', 'Whiteboard – “été” 白板 😀'],
  ])('shows %s', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves nothing dangerous in any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !dangerous.test(printable(text))));
  });
});

describe('printableLines', () => {
  it('indents every line, so that none can look like ours', () => {
    expect(printableLines('one\ncode: \u001b[31mNONE\r', '  ')).toBe('  one\n  code: \\u{1b}[31mNONE\\u{d}');
  });
});

describe('printableJson', () => {
  it('is the same value with nothing dangerous in it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = printableJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).not.toMatch(dangerous);
      }),
    );
  });

  it('escapes what lies outside the basic plane as two units', () => {
    expect(printableJson('\u{e0041}\u202e')).toBe('"\\udb40\\udc41\\u202e"');
  });
});
