import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusal, type Scratch, scratch } from '../authority-fixtures.js';
import { chainHash, emptyHead } from './chained-lines.js';
import { createLedger, openLedger } from './ledger.js';
import type { LedgerRecord } from './record.js';

const revoked = (serial: string): LedgerRecord => ({
  type: 'revoked',
  at: '2026-11-22T00:00:00.000Z',
  issuer: 'root',
  serial,
  reason: 'superseded',
});

async function written(files: Scratch, count: number): Promise<string> {
  const path = join(files.dir, 'ledger');
  await using ledger = await createLedger(path);
  for (let index = 1; index <= count; index += 1) await ledger.append(revoked(serialOf(index)));
  return path;
}

const serialOf = (index: number): string => index.toString(16).padStart(4, '0');

async function replayed(path: string): Promise<string[]> {
  const serials: string[] = [];
  await using _ledger = await openLedger(path, (record) => {
    if ('serial' in record) serials.push(record.serial);
  });
  return serials;
}

describe('the ledger', () => {
  it('gives back what was appended, in order, and goes on', async () => {
    await using files = await scratch();
    const path = await written(files, 3);
    const ledger = await openLedger(path, () => undefined);
    await Promise.all([4, 5, 6].map((index) => ledger.append(revoked(serialOf(index)))));
    const { head } = ledger;
    await ledger[Symbol.asyncDispose]();
    expect(await replayed(path)).toEqual([1, 2, 3, 4, 5, 6].map(serialOf));
    const again = await openLedger(path, () => undefined);
    expect(again.head).toBe(head);
    await again[Symbol.asyncDispose]();
    await refusal(again.append(revoked('07')), 'AUTHORITY_CLOSED');
  });

  it('loses nothing but a last line that was cut off, wherever it was cut', async () => {
    await using files = await scratch();
    const path = await written(files, 3);
    const whole = await readFile(path);
    const two = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    for (let length = two; length < whole.length; length += 7) {
      await writeFile(path, whole);
      await truncate(path, length);
      expect(await replayed(path)).toEqual(['0001', '0002']);
      expect((await readFile(path)).length).toBe(two);
    }
    // The file was made longer before its blocks were written.
    await writeFile(path, whole);
    await appendFile(path, Buffer.concat([Buffer.alloc(100), Buffer.from('"}\n')]));
    expect(await replayed(path)).toEqual(['0001', '0002', '0003']);
    await appendFile(path, Buffer.alloc(500));
    expect(await replayed(path)).toEqual(['0001', '0002', '0003']);
  });

  it.each([
    ['a changed letter', (text: string) => text.replace('"0002"', '"0009"')],
    ['a line taken out', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['two lines exchanged', (text: string) => text.replace(/^(.*\n)(.*\n)/, '$2$1')],
    ['a line twice', (text: string) => text.replace(/^(.*\n)/, '$1$1')],
    ['the last line changed', (text: string) => text.replace('"0003"', '"0009"')],
    ['a line of something else', (text: string) => `${text}hello\n`],
    ['an empty line', (text: string) => `${text}\n`],
    ['zeros in the middle', (text: string) => text.replace('"0002"', '\0\0\0\0\0\0')],
  ])('is refused with %s', async (_what, change) => {
    await using files = await scratch();
    const path = await written(files, 3);
    await writeFile(path, change(await readFile(path, 'utf8')));
    await refusal(replayed(path), 'LEDGER_DAMAGED');
  });

  it('is refused with a line that is well chained and says nothing known', async () => {
    await using files = await scratch();
    const path = join(files.dir, 'ledger');
    for (const json of [
      '{}',
      'null',
      '{"type":"forgotten"}',
      JSON.stringify({ ...revoked('01'), reason: 'certificateHold' }),
    ]) {
      await writeFile(path, `${chainHash(emptyHead, json)} ${json}\n`);
      await refusal(replayed(path), 'LEDGER_DAMAGED');
    }
  });

  it('is refused with a line that has no end', async () => {
    await using files = await scratch();
    const path = await written(files, 1);
    await appendFile(path, 'x'.repeat(3_000_000));
    await refusal(replayed(path), 'LEDGER_DAMAGED');
  });

  it('is not made over another one, nor found where there is none', async () => {
    await using files = await scratch();
    const path = await written(files, 1);
    await refusal(createLedger(path), 'STORAGE_FAILED');
    await refusal(replayed(join(files.dir, 'nothing')), 'AUTHORITY_DAMAGED');
    await refusal(replayed(files.dir), 'STORAGE_FAILED');
  });

  it('refuses a record that no reader would take, and goes on', async () => {
    await using files = await scratch();
    const path = await written(files, 1);
    const before = await readFile(path);
    await using ledger = await openLedger(path, () => undefined);
    const huge = { ...revoked('02'), actor: 'x'.repeat(70_000) };
    await refusal(ledger.append(huge), 'ARGUMENT_INVALID');
    expect(await readFile(path)).toEqual(before);
    await ledger.append(revoked('0002'));
    expect(await replayed(path)).toEqual(['0001', '0002']);
  });
});
