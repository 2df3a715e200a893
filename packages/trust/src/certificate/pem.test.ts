import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { cn, forge, newKey } from './forge-fixtures.js';
import { parseCertificatesPem, parseTrustAnchors } from './pem.js';

const key = newKey();
const a = forge({ subject: cn('A'), key });
const b = forge({ subject: cn('B'), key });

/** A certificate whose base64 ends in two padding signs; the length of an ECDSA signature is a matter of chance. */
function padded(): Buffer {
  for (let subject = 'Padded'; ; subject += 'x') {
    const der = forge({ subject: cn(subject), key });
    if (der.length % 3 === 1) return der;
  }
}

const next = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) + 1);

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
    ['base64 without its padding', pem(padded()).replace('==\n', '\n')],
    [
      'bits hidden by the padding',
      pem(padded()).replace(/(.)==\n/, (_, letter: string) => `${next(letter)}==\n`),
    ],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['more than a mebibyte', pem(a) + ' '.repeat(1 << 20)],
    ['a thousand and one certificates', pem(a).repeat(1_001)],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => read(text))).toBe('CERTIFICATE_PEM_MALFORMED');
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
