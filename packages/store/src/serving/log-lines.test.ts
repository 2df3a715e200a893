import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LogLines } from './log-lines.js';

function open(): { lines: LogLines; written: string[] } {
  const written: string[] = [];
  return { lines: new LogLines({ write: (text) => void written.push(text) }), written };
}

test('lines that may wait are written together after the turn of the event loop, in their order', async () => {
  const { lines, written } = open();
  lines.writeSoon('one\n');
  lines.writeSoon('two\n');
  expect(written).toEqual([]);
  await setImmediate();
  expect(written).toEqual(['one\ntwo\n']);
  lines.writeSoon('three\n');
  await setImmediate();
  expect(written.slice(1)).toEqual(['three\n']);
});

test('any other is written at once, after those before it', async () => {
  const { lines, written } = open();
  lines.writeSoon('before\n');
  lines.write('now\n');
  expect(written).toEqual(['before\n', 'now\n']);
  lines.write('and now\n');
  await setImmediate();
  expect(written).toEqual(['before\n', 'now\n', 'and now\n']);
});

test('no more than about 64 KiB wait', () => {
  const { lines, written } = open();
  const line = `${'x'.repeat(999)}\n`;
  for (let count = 0; count < 200; count += 1) lines.writeSoon(line);
  expect(200_000 - written.join('').length).toBeLessThan(64 * 1024);
  for (const text of written) expect(text.length).toBeLessThan(66 * 1024);
});
