import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { cn, forge, newKey } from './forge-fixtures.js';
import { parseCertificatesPem, parseTrustAnchors } from './pem.js';

const key = newKey();
const a = forge({ subject: cn('A'), key });
const b = forge({ subject: cn('B'), key });

function pem(der: Buffer, end = '\n'): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join(end);
}

const read = (text: string | Uint8Array): string[] =>
  parseCertificatesPem(Buffer.from(text)).map(({ subject }) => subject.text);

function codeOf(judge: () => unknown): string {
  try {
    judge();
    return 'read';
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.code;
  }
}

describe('parseCertificatesPem', () => {
  it('reads certificates in order, with text around them and either line end', () => {
    expect(read(pem(a) + pem(b))).toEqual(['CN=A', 'CN=B']);
    expect(read(`subject=A\r\n${pem(a, '\r\n')}\r\n  issuer=ü\r\n${pem(b)}the end`)).toEqual([
      'CN=A',
      'CN=B',
    ]);
    expect(read(`-----BEGIN CERTIFICATE-----\n${a.toString('base64')}\n-----END CERTIFICATE-----`)).toEqual([
      'CN=A',
    ]);
  });

  it.each([
    ['an empty file', ''],
    ['text only', 'hello'],
    ['a block without an end', pem(a).slice(0, -30)],
    ['a block without a beginning', pem(a).slice(30)],
    ['a block inside a block', pem(a).replace('\nMI', '\n-----BEGIN CERTIFICATE-----\nMI')],
    ['a private key', `${pem(a)}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`],
    ['another label', pem(a).replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
    ['a marker that is not alone on its line', pem(a).replace('-----BEGIN', ' -----BEGIN')],
    ['a second certificate behind text on a line', `${pem(a)}x${pem(b)}`],
    ['a comment inside a block', pem(a).replace('\nMI', '\nsubject: A\nMI')],
    ['a blank in the base64', pem(a).replace('MI', 'M I')],
    ['a letter of another alphabet', pem(a).replace('MI', 'M-')],
    [
      'base64 without its padding',
      pem(Buffer.concat([a, Buffer.alloc((a.length % 3) + 1)])).replace(/=+\n/, '\n'),
    ],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['more than a mebibyte', pem(a) + ' '.repeat(1 << 20)],
    ['a thousand and one certificates', pem(a).repeat(1_001)],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => read(text))).toBe('CERTIFICATE_PEM_MALFORMED');
  });

  it('refuses bits that base64 padding hides', () => {
    const padded = a.length % 3 === 0 ? forge({ subject: cn('AB'), key }) : a;
    const text = pem(padded);
    const hidden = text.replace(/([A-Za-z0-9+/])(=+\n)/, (_, letter: string, rest: string) => {
      return String.fromCharCode(letter.charCodeAt(0) + 1) + rest;
    });
    expect(codeOf(() => read(hidden))).toMatch(padded.length % 3 === 0 ? /read/ : /CERTIFICATE_/);
  });

  it('ends in certificates or a TrustError, whatever it is given', () => {
    const lines = fc.array(
      fc.constantFrom(
        '-----BEGIN CERTIFICATE-----',
        '-----END CERTIFICATE-----',
        'AAAA',
        'MAA=',
        '\r',
        '',
        '-----',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(lines, (parts) => {
        codeOf(() => read(parts.join('\n')));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('parseTrustAnchors', () => {
  it('reads DER and PEM', () => {
    expect(parseTrustAnchors(a).map(({ certificate }) => certificate.subject.text)).toEqual(['CN=A']);
    expect(parseTrustAnchors(Buffer.from(pem(a) + pem(b)))).toHaveLength(2);
    expect(parseTrustAnchors(Buffer.from(`0 is text\n${pem(a)}`))).toHaveLength(1);
  });

  it('refuses DER with something behind it, and neither', () => {
    expect(codeOf(() => parseTrustAnchors(Buffer.concat([a, b])))).toBe('CERTIFICATE_MALFORMED');
    expect(codeOf(() => parseTrustAnchors(Buffer.alloc(0)))).toBe('CERTIFICATE_PEM_MALFORMED');
  });
});
