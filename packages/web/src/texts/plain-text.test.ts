import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from './plain-text.js';

describe('the text of a Markdown description', () => {
  it.each([
    ['# Green\n\nPuts **any** picture _behind_ you.', 'Green Puts any picture behind you.'],
    ['- one\n- two\n1. three', 'one two three'],
    ['See [the page](https://example.org/a_b) and ![a cat](cat.png).', 'See the page and .'],
    ['> said `code` ~~gone~~', 'said code gone'],
    ['snake_case_name stays, 2 * 3 * 4 too', 'snake_case_name stays, 2 * 3 * 4 too'],
    ['a <b>bold</b> word', 'a bold word'],
    ['```\nrm -rf /\n```\nafter', 'after'],
    ['', ''],
  ])('%j', (markdown, text) => {
    expect(plainText(markdown)).toBe(text);
  });

  it('is short, and quick, whatever it is made of', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('[', ']', '(', ')', '!', '*', '_', '<', '`', ' ', 'a'),
      maxLength: 4_000,
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const began = performance.now();
        expect(plainText(text).length).toBeLessThanOrEqual(400);
        expect(performance.now() - began).toBeLessThan(1_000);
      }),
      { numRuns: 60 },
    );
  });
});
