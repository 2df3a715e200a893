import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BoundedCache } from './bounded-cache.js';

const limits = { maxEntries: 100, maxBytes: 1_000, maxMaking: 2 };

test('different values asked for at once are made a few at a time, also after one failed', async () => {
  const cache = new BoundedCache<string>(limits, (value) => value.length);
  let making = 0;
  let mostMaking = 0;
  const ask = (key: string) =>
    cache.get(key, async () => {
      making += 1;
      mostMaking = Math.max(mostMaking, making);
      await setImmediate();
      making -= 1;
      if (key.startsWith('bad')) throw new Error(key);
      return key;
    });
  const asked = await Promise.allSettled(['a', 'bad1', 'b', 'bad2', 'c', 'a', 'd'].map(ask));
  expect(asked.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.status))).toEqual([
    'a',
    'rejected',
    'b',
    'rejected',
    'c',
    'a',
    'd',
  ]);
  expect(mostMaking).toBe(2);
});

test('what was used least goes first, and a value is made once for all who ask', async () => {
  const cache = new BoundedCache<Buffer>(limits, (value) => value.length);
  let made = 0;
  const ask = (key: string) =>
    cache.get(key, async () => {
      made += 1;
      return Buffer.alloc(400);
    });
  await Promise.all([ask('a'), ask('a')]);
  await ask('b');
  await ask('a');
  expect(made).toBe(2);
  await ask('c');
  await ask('a');
  expect(made).toBe(3);
  await ask('b');
  expect(made).toBe(4);
});
