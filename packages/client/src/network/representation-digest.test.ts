import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { continuingRange, strongETag } from './content-range.js';
import { parseReprDigest } from './representation-digest.js';

const digest = (name: string) => createHash(name).update('hello');
const sha256 = digest('sha256').digest('hex');
const sha512 = digest('sha512').digest('hex');
const of256 = `sha-256=:${digest('sha256').digest('base64')}:`;
const of512 = `sha-512=:${digest('sha512').digest('base64')}:`;

test('reads the digests it knows, and passes over others', () => {
  expect(parseReprDigest(undefined)).toEqual({});
  expect(parseReprDigest(of256)).toEqual({ sha256 });
  expect(parseReprDigest(`md5=:AAAA:,\t${of512} , ${of256};q=1`)).toEqual({ sha256, sha512 });
  expect(parseReprDigest([of512, of256])).toEqual({ sha256, sha512 });
  expect(parseReprDigest(`sha-256=:${Buffer.alloc(32).toString('base64')}:, ${of256}`)).toEqual({ sha256 });
});

test.each([
  'sha-256',
  'sha-256=',
  'sha-256=abc',
  'sha-256=::',
  'sha-256=:AAAA:',
  `${of256}x`,
  `sha-512=:${digest('sha256').digest('base64')}:`,
  `sha-256=:${'A'.repeat(5000)}:`,
])('refuses %s', (header) => {
  expect(() => parseReprDigest(header)).toThrowError(expect.objectContaining({ code: 'ANSWER_MALFORMED' }));
});

test('no header makes it fail otherwise', () => {
  const parts = fc.constantFrom('sha-256', 'sha-512', '=', ':', ',', ';', ' ', of256, 'AAAA', 'é');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(parts).map((some) => some.join('')),
      ),
      (header) => {
        try {
          parseReprDigest(header);
        } catch (error) {
          expect(error).toBeInstanceOf(ClientError);
        }
        const range = continuingRange(header, 5);
        expect(range === undefined || (range.first === 5 && range.last < range.total)).toBe(true);
        expect(strongETag(header)?.startsWith('W/') ?? false).toBe(false);
      },
    ),
  );
});

test('takes only a range that continues in a file of known length', () => {
  expect(continuingRange('bytes 5-9/10', 5)).toEqual({ first: 5, last: 9, total: 10 });
  const refused = [
    'bytes 4-9/10',
    'bytes 5-10/10',
    'bytes 5-4/10',
    'bytes 5-9/*',
    'bytes */10',
    'items 5-9/10',
    '',
  ];
  for (const header of refused) expect(continuingRange(header, 5)).toBeUndefined();
});

test('only strong entity tags join ranges', () => {
  expect(strongETag('"a b"')).toBeUndefined();
  expect(['"a"', '""', 'W/"a"', 'a', '"a"b"', undefined].map(strongETag)).toEqual([
    '"a"',
    '""',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
