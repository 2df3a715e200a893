import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageMediaTypeOf } from './image-kind.js';

const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';

describe('the format of an image', () => {
  test.each<[string, Buffer]>([
    ['image/png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['image/jpeg', Buffer.from('ffd8ffe000104a46494600', 'hex')],
    ['image/gif', Buffer.from('GIF89a\x01\x00\x01\x00', 'latin1')],
    ['image/gif', Buffer.from('GIF87a\x01\x00\x01\x00', 'latin1')],
    ['image/webp', Buffer.from('RIFF\x24\x00\x00\x00WEBPVP8 ', 'latin1')],
    ['image/svg+xml', Buffer.from(svg)],
    ['image/svg+xml', Buffer.from(`\ufeff<?xml version="1.0"?>\n<!-- made - by -- hand -->\n${svg}`)],
    [
      'image/svg+xml',
      Buffer.from(
        `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${svg}`,
      ),
    ],
    ['image/svg+xml', Buffer.from("<svg\n width='1'\n xmlns='http://www.w3.org/2000/svg'>\n</svg>")],
  ])('%s', (mediaType, bytes) => {
    expect(imageMediaTypeOf(bytes)).toBe(mediaType);
  });

  test.each([
    ['nothing', ''],
    ['HTML', '<html><body>hi</body></html>'],
    ['HTML that speaks of SVG', `<html>${svg}</html>`],
    ['an SVG that is none by its namespace', '<svg xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['an SVG without a namespace', '<svg/>'],
    ['an element that only begins like one', '<svgx xmlns="http://www.w3.org/2000/svg"/>'],
    ['an SVG with entities of its own', `<!DOCTYPE svg [<!ENTITY a "aaaa">]>${svg}`],
    ['text before the root', `x${svg}`],
    ['a BMP', 'BM\x00\x00'],
    ['a WAV', 'RIFF\x24\x00\x00\x00WAVEfmt '],
  ])('is none the store serves: %s', (_, text) => {
    expect(imageMediaTypeOf(Buffer.from(text, 'latin1'))).toBeUndefined();
  });

  test('an SVG that is not UTF-8 is none', () => {
    expect(imageMediaTypeOf(Buffer.concat([Buffer.from(svg), Buffer.of(0xff)]))).toBeUndefined();
  });

  test('is told quickly whatever the bytes are', () => {
    const hostile = [
      '<!--'.repeat(200_000),
      `<svg ${'xmlns= '.repeat(100_000)}`,
      `<?${'?'.repeat(1_000_000)}`,
      '<!-- -->'.repeat(100_000),
      ' '.repeat(2_000_000),
      `<!--${'-'.repeat(1_000_000)}`,
    ];
    const begun = performance.now();
    for (const text of hostile) expect(imageMediaTypeOf(Buffer.from(text))).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(imageMediaTypeOf(randomBytes(1 << 20))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        imageMediaTypeOf(Buffer.from(bytes));
      }),
    );
  });
});
