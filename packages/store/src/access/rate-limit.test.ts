import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKey } from './address-key.js';
import { RateLimit } from './rate-limit.js';

describe('a rate limit', () => {
  test('lets a burst through, then so many a second, each key by itself', () => {
    const limit = new RateLimit({ burst: 3, perSecond: 0.5 });
    expect([1, 2, 3, 4].map(() => limit.take('a', 0))).toEqual([0, 0, 0, 2]);
    expect(limit.take('b', 0)).toBe(0);
    expect([limit.take('a', 1_000), limit.take('a', 2_000), limit.take('a', 2_000)]).toEqual([1, 0, 2]);
    expect([limit.take('a', 100_000), limit.take('a', 100_000)]).toEqual([0, 0]);
  });

  test('never lets more through than its rate, whatever the times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 200 }), (pauses) => {
        const limit = new RateLimit({ burst: 5, perSecond: 2 });
        let [now, passed] = [0, 0];
        for (const pause of pauses) {
          now += pause;
          if (limit.take('a', now) === 0) passed += 1;
        }
        expect(passed).toBeLessThanOrEqual(5 + (now / 1000) * 2 + 1e-6);
      }),
      { numRuns: 200 },
    );
  });

  test('a clock that goes back gives nothing away', () => {
    const limit = new RateLimit({ burst: 1, perSecond: 1 });
    expect([limit.take('a', 5_000), limit.take('a', 0), limit.take('a', 5_500)]).toEqual([0, 1, 1]);
  });

  test('remembers a bounded number of keys; coming from more addresses gains nothing', () => {
    const limit = new RateLimit({ burst: 2, perSecond: 0.001 }, 100);
    let passed = 0;
    for (let key = 0; key < 10_000; key += 1) if (limit.take(`address ${key}`, 0) === 0) passed += 1;
    expect([limit.size, passed]).toEqual([100, 102]);
    // Those of the bound are at rest after a while, and others may have their place.
    expect(limit.take('new', 1_100_000)).toBe(0);
    expect(limit.size).toBe(1);
  });
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['nonsense', 'nonsense'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
