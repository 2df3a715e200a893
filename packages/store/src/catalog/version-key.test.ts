import { compareVersions } from '@jami-plugin-store/jpl';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { versionKey } from './version-key.js';

const compareKeys = (a: string, b: string): number => {
  const [x, y] = [versionKey(a), versionKey(b)];
  if (x === y) return 0;
  return x < y ? -1 : 1;
};

test('keys order as versions do', () => {
  const ordered = [
    '0',
    '0.0.1',
    '0.9',
    '0.10',
    '1.0.0-0',
    '1.0.0-2',
    '1.0.0-10',
    '1.0.0-10.0',
    '1.0.0--',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-alpha-',
    '1.0.0-alphabet',
    '1.0.0',
    '1.0.0.0.1-a',
    '1.0.0.0.1',
    '1.0.1',
    '1.10.0',
    '2',
    '10',
    `1${'0'.repeat(40)}`,
  ];
  for (const [index, version] of ordered.entries()) {
    for (const [other, against] of ordered.entries()) {
      expect([version, against, compareKeys(version, against)]).toEqual([
        version,
        against,
        Math.sign(index - other),
      ]);
    }
  }
  expect(versionKey('1.0+build.7')).toBe(versionKey('01.0.0'));
});

test('whatever the versions', () => {
  const number = fc.oneof(fc.constantFrom('0', '00', '1', '9', '10', '099'), fc.nat().map(String));
  const numbers = fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
  const identifier = fc.oneof(number, fc.constantFrom('a', 'A', '-', 'a-', 'ab', 'a1', '1a', '0-'));
  const prerelease = fc
    .array(identifier, { maxLength: 3 })
    .map((ids) => (ids.length > 0 ? `-${ids.join('.')}` : ''));
  const version = fc
    .tuple(numbers, prerelease, fc.constantFrom('', '+1'))
    .map((parts) => parts.join(''))
    .filter(({ length }) => length <= 64);
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(compareKeys(a, b)).toBe(compareVersions(a, b));
    }),
    { numRuns: 2_000 },
  );
});
