import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LogLines } from './log-lines.js';

const line = (level: number, msg: string): string => `{"level":${level},"msg":"${msg}"}\n`;

function open(): { lines: LogLines; written: string[] } {
  const written: string[] = [];
  return { lines: new LogLines((text) => written.push(text)), written };
}

test('lines of one turn of the event loop are written together, after it, in their order', async () => {
  const { lines, written } = open();
  lines.write(line(30, 'one'));
  lines.write(line(30, 'two'));
  expect(written).toEqual([]);
  await setImmediate();
  expect(written).toEqual([line(30, 'one') + line(30, 'two')]);
  lines.write(line(30, 'three'));
  await setImmediate();
  expect(written.slice(1)).toEqual([line(30, 'three')]);
});

test.each([20, 40, 50, 60])('a line of level %i is written at once, after those before it', async (level) => {
  const { lines, written } = open();
  lines.write(line(30, 'before'));
  lines.write(line(level, 'now'));
  expect(written).toEqual([line(30, 'before') + line(level, 'now')]);
  await setImmediate();
  expect(written).toHaveLength(1);
});

test('no more than about 64 KiB wait', () => {
  const { lines, written } = open();
  const long = line(30, 'x'.repeat(1_000));
  for (let count = 0; count < 200; count += 1) lines.write(long);
  const bytes = written.join('').length;
  expect(200 * long.length - bytes).toBeLessThan(64 * 1024);
  for (const text of written) expect(text.length).toBeLessThan(66 * 1024);
});
