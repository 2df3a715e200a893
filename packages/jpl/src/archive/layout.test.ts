import { describe, expect, it } from 'vitest';
import { type RawEntry, rawZip } from './raw-zip-fixtures.js';
import { refusalOf } from './refusal-fixtures.js';

const a: RawEntry = { name: 'a.txt', content: 'first' };
const b: RawEntry = { name: 'b.txt', content: 'second' };
const junk = Buffer.from('these bytes belong to nobody');

describe('honest archives', () => {
  it.each<[string, readonly RawEntry[]]>([
    ['no entry', []],
    ['deflate and stored', [a, { ...b, method: 0 }]],
    ['a folder', [{ name: 'd/' }, { name: 'd/x', content: '1' }]],
    ['an empty file', [{ name: 'empty' }]],
    ['an empty deflated file', [{ name: 'empty', method: 8 }]],
    [
      'descriptors',
      [
        { ...a, descriptor: 'honest' },
        { ...b, descriptor: 'without signature' },
      ],
    ],
    ['a UTF-8 name', [{ name: 'données/é.txt', content: '1' }]],
    ['an archive inside', [{ name: 'inner.zip', content: rawZip([a, b]), method: 0 }]],
  ])('takes %s', async (_, entries) => {
    expect(await refusalOf(rawZip(entries))).toBeUndefined();
  });
});

describe('the records tile the file', () => {
  it('refuses bytes before the archive', async () => {
    expect(await refusalOf(rawZip([a, b], { prefix: junk }))).toMatchObject({
      code: 'PREFIX_BYTES',
      offset: 0,
    });
  });

  it('refuses bytes before the archive when the offsets do not count them', async () => {
    const shifted = Buffer.concat([junk, rawZip([a, b])]);
    expect(await refusalOf(shifted)).toMatchObject({ code: 'PREFIX_BYTES', offset: 0 });
  });

  it('refuses bytes before an empty archive', async () => {
    expect(await refusalOf(rawZip([], { prefix: junk }))).toMatchObject({ code: 'PREFIX_BYTES' });
  });

  it('refuses bytes after the archive', async () => {
    const honest = rawZip([a]);
    expect(await refusalOf(Buffer.concat([honest, junk]))).toMatchObject({
      code: 'TRAILING_BYTES',
      offset: honest.length,
    });
  });

  it('refuses a second archive after the first', async () => {
    const twice = Buffer.concat([rawZip([a]), rawZip([b])]);
    expect(await refusalOf(twice)).toMatchObject({ code: 'PREFIX_BYTES' });
  });

  it('refuses an archive comment, even one that holds an archive', async () => {
    const comment = rawZip([b]);
    expect(await refusalOf(rawZip([a], { end: { comment: junk } }))).toMatchObject({
      code: 'ARCHIVE_COMMENT',
    });
    // The inner end record is the last thing in the file and speaks of other entries.
    expect(await refusalOf(rawZip([a], { end: { comment } }))).toMatchObject({ code: 'PREFIX_BYTES' });
  });

  it('refuses a comment that is announced and missing', async () => {
    expect(await refusalOf(rawZip([a], { end: { commentLength: 3 } }))).toMatchObject({
      code: 'ARCHIVE_TRUNCATED',
    });
  });

  it('refuses a gap between entries', async () => {
    const gap = rawZip([{ ...a, after: junk }, b]);
    expect(await refusalOf(gap)).toMatchObject({ code: 'GAP', entry: 'a.txt' });
  });

  it('refuses a gap before the directory and before the end record', async () => {
    expect(await refusalOf(rawZip([a], { beforeDirectory: junk }))).toMatchObject({
      code: 'GAP',
      entry: 'a.txt',
    });
    expect(await refusalOf(rawZip([a], { beforeEnd: junk }))).toMatchObject({
      code: 'CENTRAL_DIRECTORY_SIZE_WRONG',
    });
  });

  it('refuses foreign bytes inside the stated directory', async () => {
    const honest = rawZip([a]);
    const directorySize = honest.length - 22 - honest.indexOf('PK\x01\x02') + junk.length;
    expect(await refusalOf(rawZip([a], { beforeEnd: junk, end: { directorySize } }))).toMatchObject({
      code: 'CENTRAL_DIRECTORY_SIZE_WRONG',
    });
  });

  it('refuses an entry that the directory does not list', async () => {
    expect(await refusalOf(rawZip([a, { ...b, hidden: true }]))).toMatchObject({
      code: 'HIDDEN_ENTRY',
      entry: 'a.txt',
    });
    expect(await refusalOf(rawZip([{ ...a, hidden: true }, b]))).toMatchObject({ code: 'PREFIX_BYTES' });
    const afterDescriptor = [
      { ...a, descriptor: 'honest' as const },
      { ...b, hidden: true },
    ];
    expect(await refusalOf(rawZip(afterDescriptor))).toMatchObject({ code: 'HIDDEN_ENTRY', entry: 'a.txt' });
  });

  it('refuses a listed entry without a place of its own', async () => {
    const shared = rawZip([a, { ...a, name: 'b.txt', unwritten: true, listedOffset: 0 }]);
    expect(await refusalOf(shared)).toMatchObject({ code: 'OVERLAP' });
  });

  it('refuses an entry whose data run into the next', async () => {
    const stored = { name: 'a.txt', content: 'first', method: 0 };
    const longer = { crc32: 0, compressedSize: 40, size: 40 };
    const overlap = rawZip([{ ...stored, local: longer, central: longer }, b]);
    expect(await refusalOf(overlap)).toMatchObject({ code: 'OVERLAP', entry: 'a.txt' });
  });

  it('refuses an entry nested in the data of another', async () => {
    // The quoted-entry bomb: the second entry lies inside the stored data of the first.
    const inner = rawZip([b]);
    const innerRecord = inner.subarray(0, inner.indexOf('PK\x01\x02'));
    const outer = { name: 'outer', content: Buffer.concat([innerRecord, junk]), method: 0 };
    const nested = rawZip([outer, { ...b, unwritten: true, listedOffset: 35 }]);
    expect(await refusalOf(nested)).toMatchObject({ code: 'OVERLAP', entry: 'outer' });
  });

  it('refuses entries placed behind or inside the directory', async () => {
    expect(await refusalOf(rawZip([a, { ...b, unwritten: true, listedOffset: 5_000 }]))).toMatchObject({
      code: 'OVERLAP',
    });
    const honest = rawZip([a]);
    const inDirectory = honest.indexOf('PK\x01\x02') - 4;
    expect(await refusalOf(rawZip([a, { ...b, unwritten: true, listedOffset: inDirectory }]))).toMatchObject({
      code: 'OVERLAP',
    });
  });

  it('refuses a list in another order than the entries', async () => {
    expect(await refusalOf(rawZip([a, b], { listOrder: [1, 0] }))).toMatchObject({
      code: 'ENTRY_OUT_OF_ORDER',
    });
    const c = { name: 'c.txt', content: 'third' };
    expect(await refusalOf(rawZip([a, b, c], { listOrder: [0, 2, 1] }))).toMatchObject({
      code: 'ENTRY_OUT_OF_ORDER',
    });
  });

  it('refuses an entry that does not begin with its header', async () => {
    const bytes = rawZip([a, b]);
    bytes[bytes.indexOf('PK\x03\x04', 4) + 2] = 0x07;
    expect(await refusalOf(bytes)).toMatchObject({ code: 'LOCAL_HEADER_MALFORMED', entry: 'b.txt' });
  });
});

describe('the end record', () => {
  it.each([
    ['more entries than there are', { entries: 3, entriesOnDisk: 3 }, 'ENTRY_COUNT_WRONG'],
    ['fewer entries than there are', { entries: 1, entriesOnDisk: 1 }, 'ENTRY_COUNT_WRONG'],
    ['more entries than the list could hold', { entries: 900, entriesOnDisk: 900 }, 'ENTRY_COUNT_WRONG'],
    ['two numbers of entries', { entriesOnDisk: 1 }, 'ENTRY_COUNT_WRONG'],
    ['a directory too small', { directorySize: 10 }, 'CENTRAL_DIRECTORY_SIZE_WRONG'],
    ['a directory elsewhere', { directoryOffset: 1 }, 'PREFIX_BYTES'],
    ['a directory beyond the file', { directoryOffset: 100_000 }, 'PREFIX_BYTES'],
    ['another disk', { disk: 1 }, 'MULTI_DISK'],
    ['a directory on another disk', { directoryDisk: 1 }, 'MULTI_DISK'],
    ['ZIP64 entries', { entries: 0xffff, entriesOnDisk: 0xffff }, 'ZIP64'],
    ['a ZIP64 size', { directorySize: 0xffffffff }, 'ZIP64'],
    ['a ZIP64 offset', { directoryOffset: 0xffffffff }, 'ZIP64'],
    ['a ZIP64 disk', { disk: 0xffff }, 'ZIP64'],
  ])('may not state %s', async (_, end, code) => {
    expect(await refusalOf(rawZip([a, b], { end }))).toMatchObject({ code });
  });

  it('refuses a ZIP64 locator that the record does not call for, as libarchive would follow it', async () => {
    const locator = Buffer.concat([Buffer.from('PK\x06\x07'), Buffer.alloc(16)]);
    const honest = rawZip([a]);
    const directorySize = honest.length - 22 - honest.indexOf('PK\x01\x02') + locator.length;
    const bytes = rawZip([a], { beforeEnd: locator, end: { directorySize } });
    expect(await refusalOf(bytes)).toMatchObject({ code: 'ZIP64', offset: bytes.length - 42 });
  });

  it('refuses a ZIP64 locator hidden in the times of the last entry', async () => {
    const times = Buffer.concat([Buffer.alloc(4), Buffer.from([1, 0, 24, 0]), Buffer.alloc(4)]);
    const hidden = Buffer.concat([times, Buffer.from('PK\x06\x07'), Buffer.alloc(16)]);
    const extra = Buffer.concat([Buffer.from([0x0a, 0, 32, 0]), hidden]);
    expect(await refusalOf(rawZip([{ ...a, extra }]))).toMatchObject({ code: 'ZIP64' });
  });

  it('refuses a directory whose records are damaged', async () => {
    const bytes = rawZip([a, b]);
    bytes[bytes.indexOf('PK\x01\x02') + 3] = 0x05;
    expect(await refusalOf(bytes)).toMatchObject({ code: 'CENTRAL_DIRECTORY_MALFORMED' });
  });
});

describe('no archive at all', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'EMPTY_FILE'],
    ['text', Buffer.from('#!/bin/sh\necho not an archive at all\n'), 'NOT_A_ZIP'],
    ['a few bytes', Buffer.from('x'), 'NOT_A_ZIP'],
    ['the first letters', Buffer.from('PK'), 'ARCHIVE_TRUNCATED'],
    ['a tar file', Buffer.alloc(10_240, 'ustar'), 'NOT_A_ZIP'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await refusalOf(bytes)).toMatchObject({ code });
  });

  it('refuses an archive cut off anywhere', async () => {
    const whole = rawZip([a, b]);
    for (let length = 1; length < whole.length; length += 1) {
      const refusal = await refusalOf(whole.subarray(0, length));
      expect(refusal?.code, `cut at ${length}`).toMatch(/^(ARCHIVE_TRUNCATED|NOT_A_ZIP)$/);
    }
  });
});
