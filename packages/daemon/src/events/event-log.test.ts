import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventLog } from './event-log.js';

const clock = (): Date => new Date('2026-06-01T00:00:00Z');
const fact = (plugin: string) => ({ type: 'uninstalled', plugin, version: null }) as const;

describe('createEventLog', () => {
  it('gives what followed any remembered event, and says when it forgot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(30), fc.nat(40), (capacity, count, asked) => {
        const log = createEventLog(clock, capacity);
        const ids: string[] = [];
        log.subscribe((event) => ids.push(event.id));
        for (let number = 1; number <= count; number += 1) log.append(fact(String(number)));
        const run = ids[0]?.split('-')[0] ?? '0'.repeat(16);
        const since = log.since(`${run}-${asked}`);
        if (asked < 1 || asked > count || asked < count - capacity) expect(since).toBe('forgotten');
        else expect(since).toMatchObject(ids.slice(asked).map((id) => ({ id })));
      }),
    );
  });

  it('knows nothing of another run', () => {
    const [first, second] = [createEventLog(clock), createEventLog(clock)];
    let id = '';
    first.subscribe((event) => {
      id = event.id;
    });
    first.append(fact('A'));
    second.append(fact('A'));
    expect(second.since(id)).toBe('forgotten');
    expect(first.since(id)).toEqual([]);
  });

  it('stops calling who unsubscribed, also while it calls', () => {
    const log = createEventLog(clock);
    let calls = 0;
    const stop = log.subscribe(() => {
      calls += 1;
      stop();
    });
    log.append(fact('A'));
    log.append(fact('B'));
    expect(calls).toBe(1);
  });
});
