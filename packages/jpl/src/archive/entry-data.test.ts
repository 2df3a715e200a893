import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { JplError } from '../error.js';
import type { ByteSource } from './archive.js';
import { bufferSource } from './byte-source.js';
import { openArchive } from './open-archive.js';
import { type RawEntry, rawZip } from './raw-zip-fixtures.js';
import { refusalOf } from './refusal-fixtures.js';

const content = Buffer.from('twelve bytes, and some more so that there is something to deflate');
const packed = deflateRawSync(content);
const sizes = (size: number, crc = crc32(content)) => ({ size, crc32: crc });
const lying = (size: number): RawEntry => ({ name: 'a', content, local: sizes(size), central: sizes(size) });

const big = Buffer.concat([
  randomBytes(3_000_000),
  Buffer.alloc(9_000_000, 'plugin '),
  randomBytes(1_000_000),
]);
const bigPacked = deflateRawSync(big, { level: 1 });

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function openOne(entry: RawEntry) {
  const archive = await openArchive(bufferSource(rawZip([entry])));
  const [first] = archive.entries;
  if (first === undefined) throw new Error('no entry');
  return { archive, entry: first };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing refused',
    (error: unknown) => (error instanceof JplError ? error.code : `untyped: ${error}`),
  );
}

describe('the data of an entry', () => {
  it.each<[string, RawEntry, string]>([
    [
      'is not deflate',
      { name: 'a', content, packed: Buffer.from('\xff'.repeat(20), 'latin1') },
      'DATA_MALFORMED',
    ],
    ['is cut off', { name: 'a', content, packed: packed.subarray(0, -4) }, 'DATA_TRUNCATED'],
    ['is missing', { name: 'a', content, packed: Buffer.alloc(1) }, 'DATA_TRUNCATED'],
    [
      'goes on after its end',
      { name: 'a', content, packed: Buffer.concat([packed, Buffer.from('tail')]) },
      'DATA_TRAILING_BYTES',
    ],
    [
      'is two streams',
      { name: 'a', content, packed: Buffer.concat([packed, packed]) },
      'DATA_TRAILING_BYTES',
    ],
    ['is one byte more than stated', lying(content.length - 1), 'SIZE_MISMATCH'],
    ['is one byte less than stated', lying(content.length + 1), 'SIZE_MISMATCH'],
    ['is something where nothing is stated', lying(0), 'SIZE_MISMATCH'],
    [
      'has another checksum',
      { name: 'a', content, packed: deflateRawSync(Buffer.from(content).fill('x', 3, 4)) },
      'CRC_MISMATCH',
    ],
    [
      'is stored with another checksum',
      { name: 'a', content, method: 0, packed: Buffer.from(content).fill('x', 3, 4) },
      'CRC_MISMATCH',
    ],
  ])('is refused when it %s', async (_, entry, code) => {
    expect(await refusalOf(rawZip([entry]))).toMatchObject({ code, entry: 'a' });
    const opened = await openOne(entry);
    expect(await codeOf(collect(opened.archive.stream(opened.entry)))).toBe(code);
  });

  it.each<[string, RawEntry, string]>([
    ['is cut off', { name: 'a', content: big, packed: bigPacked.subarray(0, -400) }, 'DATA_TRUNCATED'],
    [
      'is damaged',
      { name: 'a', content: big, packed: Buffer.from(bigPacked).fill(0xff, 2_999_000, 3_200_000) },
      'DATA_MALFORMED',
    ],
    [
      'goes on after its end',
      { name: 'a', content: big, packed: Buffer.concat([bigPacked, randomBytes(2_000_000)]) },
      'DATA_TRAILING_BYTES',
    ],
    [
      'is more than stated',
      { name: 'a', content: big, local: { size: 12_999_999 }, central: { size: 12_999_999 } },
      'SIZE_MISMATCH',
    ],
    [
      'is less than stated',
      { name: 'a', content: big, local: { size: 13_000_001 }, central: { size: 13_000_001 } },
      'SIZE_MISMATCH',
    ],
    [
      'is much more than stated',
      { name: 'a', content: big, local: { size: 9_000_000 }, central: { size: 9_000_000 } },
      'SIZE_MISMATCH',
    ],
    [
      'has another checksum',
      { name: 'a', content: big, local: { crc32: 1 }, central: { crc32: 1 } },
      'CRC_MISMATCH',
    ],
    [
      'is stored with another checksum',
      { name: 'a', content: big, method: 0, local: { crc32: 1 }, central: { crc32: 1 } },
      'CRC_MISMATCH',
    ],
  ])('above 8 MiB is refused when it %s', async (_, entry, code) => {
    const opened = await openOne(entry);
    expect(await codeOf(opened.archive.read(opened.entry))).toMatch(code);
    expect(await codeOf(collect(opened.archive.stream(opened.entry)))).toBe(code);
  });

  it.each([0, 8])('above 8 MiB comes in chunks of at most 128 KiB (method %d)', async (method) => {
    const { archive, entry } = await openOne({ name: 'a', content: big, method });
    let largest = 0;
    const chunks: Buffer[] = [];
    for await (const chunk of archive.stream(entry)) {
      largest = Math.max(largest, chunk.length);
      chunks.push(chunk);
    }
    expect(largest).toBeLessThanOrEqual(128 * 1024);
    expect(Buffer.concat(chunks).equals(big)).toBe(true);
    expect((await archive.read(entry)).equals(big)).toBe(true);
  });

  it('can be left in the middle', async () => {
    const { archive, entry } = await openOne({ name: 'a', content: big });
    for await (const chunk of archive.stream(entry)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await archive.read(entry)).length).toBe(big.length);
  });

  it('of an empty file is no chunk and no bytes', async () => {
    const { archive, entry } = await openOne({ name: 'a', method: 8 });
    expect(await collect(archive.stream(entry))).toHaveLength(0);
    expect(await archive.read(entry)).toHaveLength(0);
  });

  it('is read only of entries of the same archive', async () => {
    const first = await openOne({ name: 'a', content });
    const second = await openOne({ name: 'a', content });
    expect(await codeOf(first.archive.read(second.entry))).toBe('ENTRY_UNKNOWN');
    expect(() => first.archive.stream(second.entry)).toThrow(JplError);
  });

  it('that cannot be read is a READ_FAILED, streamed or not', async () => {
    const bytes = rawZip([{ name: 'a', content: big, method: 0 }]);
    const memory = bufferSource(bytes);
    let broken = false;
    const failing: ByteSource = {
      size: memory.size,
      async read(position, length) {
        if (broken && position > 2_000_000) throw new JplError('READ_FAILED', 'The disk is gone.');
        return memory.read(position, length);
      },
    };
    const archive = await openArchive(failing);
    const [entry] = archive.entries;
    if (entry === undefined) throw new Error('no entry');
    broken = true;
    expect(await codeOf(archive.read(entry))).toBe('READ_FAILED');
    expect(await codeOf(collect(archive.stream(entry)))).toBe('READ_FAILED');
  });
});

describe('limits', () => {
  const three: RawEntry[] = [
    { name: 'a', content: Buffer.alloc(1000) },
    { name: 'b', content: Buffer.alloc(1000) },
    { name: 'c', content: Buffer.alloc(1000) },
  ];
  it.each([
    ['the archive', { maxArchiveBytes: 100 }, 'ARCHIVE_TOO_LARGE'],
    ['an entry', { maxEntryBytes: 999 }, 'ENTRY_TOO_LARGE'],
    ['all entries together', { maxTotalBytes: 2999 }, 'TOTAL_TOO_LARGE'],
    ['the number of entries', { maxEntries: 2 }, 'TOO_MANY_ENTRIES'],
    ['the ratio', { maxRatio: 10 }, 'RATIO_TOO_HIGH'],
  ])('hold for %s', async (_, limits, code) => {
    expect(await refusalOf(rawZip(three), limits)).toMatchObject({ code });
    expect(await refusalOf(rawZip(three))).toBeUndefined();
  });

  it('hold for names', async () => {
    expect(await refusalOf(rawZip([{ name: 'a/b/c' }]), { maxDepth: 2 })).toMatchObject({
      code: 'NAME_TOO_DEEP',
    });
    expect(await refusalOf(rawZip([{ name: 'long name' }]), { maxNameBytes: 8 })).toMatchObject({
      code: 'NAME_TOO_LONG',
    });
  });

  it('hold for folders that are only part of names, which cost memory and disk all the same', async () => {
    const entries = ['a/b/c/x', 'd/e/f/x'].map((name) => ({ name }));
    expect(await refusalOf(rawZip(entries), { maxEntries: 5 })).toMatchObject({
      code: 'TOO_MANY_ENTRIES',
      entry: 'd/e/f/x',
    });
    expect(await refusalOf(rawZip(entries), { maxEntries: 6 })).toBeUndefined();
  });

  it('refuse a bomb by its headers, before its data is touched', async () => {
    // 512 MiB and one byte claimed, a few bytes behind it.
    const size = 512 * 1024 * 1024 + 1;
    const claim = { name: 'bomb', content: 'x', local: { size }, central: { size } };
    expect(await refusalOf(rawZip([claim]))).toMatchObject({ code: 'ENTRY_TOO_LARGE', entry: 'bomb' });
    const ratio = { name: 'bomb', content, local: sizes(1_000_000), central: sizes(1_000_000) };
    expect(await refusalOf(rawZip([ratio]))).toMatchObject({ code: 'RATIO_TOO_HIGH', entry: 'bomb' });
  });

  it('let through the most that deflate can do', async () => {
    const zeros = Buffer.alloc(64 * 1024 * 1024);
    expect(await refusalOf(rawZip([{ name: 'zeros', content: zeros }]))).toBeUndefined();
  });

  it('are checked before bytes are read: nothing but the end and the list is', async () => {
    const bytes = rawZip([{ name: 'a', content: big, method: 0 }]);
    const memory = bufferSource(bytes);
    let read = 0;
    const counting: ByteSource = {
      size: memory.size,
      read(position, length) {
        read += length;
        return memory.read(position, length);
      },
    };
    await expect(openArchive(counting, { limits: { maxEntryBytes: 1000 } })).rejects.toMatchObject({
      code: 'ENTRY_TOO_LARGE',
    });
    expect(read).toBeLessThan(200);
    read = 0;
    await openArchive(counting);
    expect(read).toBeLessThan(70_000);
  });
});
