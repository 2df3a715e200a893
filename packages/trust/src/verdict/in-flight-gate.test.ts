import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InFlightGate } from './in-flight-gate.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('InFlightGate', () => {
  it('lets in no more than its count, in the order of coming', async () => {
    const gate = new InFlightGate({ maxCount: 2, maxBytes: 100 });
    const entered: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void gate.enter(1).then(() => entered.push(name));
    await settle();
    expect(entered).toEqual(['a', 'b']);
    gate.leave(1);
    await settle();
    expect(entered).toEqual(['a', 'b', 'c']);
  });

  it('lets a piece larger than its bytes in alone', async () => {
    const gate = new InFlightGate({ maxCount: 9, maxBytes: 10 });
    const entered: string[] = [];
    await gate.enter(3);
    void gate.enter(50).then(() => entered.push('large'));
    void gate.enter(1).then(() => entered.push('after it'));
    await settle();
    expect(entered).toEqual([]);
    gate.leave(3);
    await settle();
    expect(entered).toEqual(['large']);
    gate.leave(50);
    await settle();
    expect(entered).toEqual(['large', 'after it']);
  });

  it('holds both bounds and lets everything through, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (sizes, maxCount) => {
          const maxBytes = 20;
          const gate = new InFlightGate({ maxCount, maxBytes });
          let count = 0;
          let bytes = 0;
          let through = 0;
          await Promise.all(
            sizes.map(async (size) => {
              await gate.enter(size);
              count += 1;
              bytes += size;
              expect(count).toBeLessThanOrEqual(maxCount);
              expect(count === 1 || bytes <= maxBytes).toBe(true);
              await settle();
              count -= 1;
              bytes -= size;
              through += 1;
              gate.leave(size);
            }),
          );
          expect(through).toBe(sizes.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
