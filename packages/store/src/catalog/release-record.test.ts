import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StoreError } from '../error.js';
import { recordOf } from '../serving/serving-fixtures.js';
import { parseReleaseRecord, type ReleaseRecord } from './release-record.js';

const good = recordOf(Buffer.from('package'), { id: 'Foo' });
const parse = (value: unknown) => parseReleaseRecord(Buffer.from(JSON.stringify(value)), good.sha256);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  return 'ACCEPTED';
};

test('a record is read as it was written', () => {
  expect(parse(good)).toEqual(good);
  expect(parse({ ...good, platforms: 'any' }).platforms).toBe('any');
});

const { id: _, ...withoutId } = good;
test.each<[string, unknown]>([
  ['about another package', { ...good, sha256: '0'.repeat(64) }],
  ['of a later format', { ...good, format: 2 }],
  ['without an id', withoutId],
  ['with an id that climbs', { ...good, id: '../x' }],
  ['with a file outside the packages folder', { ...good, file: '../secrets.jpl' }],
  ['with a file below a folder', { ...good, file: 'a/b.jpl' }],
  ['with a file that is no package', { ...good, file: 'passwd' }],
  ['with a NUL in the file name', { ...good, file: 'a\0.jpl' }],
  [
    'with an image of an executable kind',
    { ...good, icon: { entry: 'x', sha256: good.sha256, size: 1, mediaType: 'text/html' } },
  ],
  [
    'with an image named by a path',
    { ...good, icon: { entry: 'x', sha256: '../../x', size: 1, mediaType: 'image/png' } },
  ],
  [
    'with a language that is a word of JavaScript',
    { ...good, texts: JSON.parse('{"__proto__":{"name":"x","description":""}}') },
  ],
  ['with a time that does not sort', { ...good, timestamp: '1 Jan 2030' }],
  ['with a time that is none', { ...good, expiresAt: '2030-99-01T00:00:00.000Z' }],
  ['with a version that is none', { ...good, version: 'newest' }],
  ['with an id that Windows would bend', { ...good, id: 'CON' }],
  ['without any text', { ...good, texts: {} }],
  ['that is an array', [good]],
  ['that is null', null],
])('a record %s is refused', (_, value) => {
  expect(codeOf(() => parse(value))).toBe('RECORD_MALFORMED');
});

test('bytes that are no record end in RECORD_MALFORMED and nothing else', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record<Partial<Record<keyof ReleaseRecord, unknown>>>(
        { size: fc.anything(), texts: fc.anything(), icon: fc.anything(), platforms: fc.anything() },
        { requiredKeys: [] },
      )
      .map((change) =>
        Buffer.from(
          JSON.stringify({ ...good, ...change }, (_, value) => (typeof value === 'bigint' ? 0 : value)),
        ),
      ),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      expect(['ACCEPTED', 'RECORD_MALFORMED']).toContain(
        codeOf(() => parseReleaseRecord(input, good.sha256)),
      );
    }),
    { numRuns: 300 },
  );
});
