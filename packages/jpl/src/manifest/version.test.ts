import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, isVersion } from './version.js';

describe('compareVersions', () => {
  it('orders numerically and by semver precedence', () => {
    // The chain of pre-releases is the example of semver 2.0.0 clause 11.
    const ascending = [
      '0',
      '0.0.1',
      '0.9.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.0.1',
      '1.0.1',
      '1.9.0',
      '1.10.0',
      '2',
      '10.0',
      '99999999999999999999.1',
    ];
    for (const [i, lower] of ascending.entries()) {
      for (const [j, upper] of ascending.entries()) {
        const expected = i === j ? 0 : i < j ? -1 : 1;
        expect(compareVersions(lower, upper), `${lower} against ${upper}`).toBe(expected);
      }
    }
  });

  it.each([
    ['1', '1.0.0'],
    ['1.0', '1'],
    ['01.2', '1.2'],
    ['1.0+build.5', '1.0.0+other'],
    ['1-rc.01', '1.0-rc.1'],
  ])('takes %s and %s for the same', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
    expect(compareVersions(b, a)).toBe(0);
  });

  it.each([
    '',
    'v1.0',
    '1.',
    '.1',
    '1..2',
    '1.0-',
    '1.0+',
    '1.x',
    ' 1',
    '1\n',
    '1.0-a..b',
    '-1',
    '1,0',
    '1'.repeat(65),
    '１.０',
  ])('refuses %j', (version) => {
    expect(isVersion(version)).toBe(false);
    expect(() => compareVersions(version, '1.0')).toThrowError(
      expect.objectContaining({ code: 'VERSION_INVALID' }),
    );
    expect(() => compareVersions('1.0', version)).toThrowError(
      expect.objectContaining({ code: 'VERSION_INVALID' }),
    );
  });

  it('is a total order', () => {
    const part = fc.oneof(fc.nat(30).map(String), fc.constantFrom('a', 'b', 'rc', 'A-1'));
    const version = fc
      .tuple(fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }), fc.array(part, { maxLength: 3 }))
      .map(([numbers, pre]) => numbers.join('.') + (pre.length > 0 ? `-${pre.join('.')}` : ''));
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, b)).toBe(0 - compareVersions(b, a) || 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
