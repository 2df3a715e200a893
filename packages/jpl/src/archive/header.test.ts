import { describe, expect, it } from 'vitest';
import { extraField, type RawEntry, type RawHeader, rawZip } from './raw-zip-fixtures.js';
import { refusalOf } from './refusal-fixtures.js';

const file: RawEntry = { name: 'a.txt', content: 'some content that deflates' };
const stored: RawEntry = { ...file, method: 0 };
const follower: RawEntry = { name: 'b.txt', content: 'x' };

function descriptorOf(crc: number, compressedSize: number, size: number, signature = true): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeUInt32LE(compressedSize, 8);
  bytes.writeUInt32LE(size, 12);
  return signature ? bytes : bytes.subarray(4);
}

describe('the two headers of an entry', () => {
  it.each<[string, Partial<RawHeader>]>([
    ['version needed', { versionNeeded: 10 }],
    ['flags', { flags: 0x0002 }],
    ['method', { method: 0 }],
    ['time', { time: 0x1234 }],
    ['date', { date: 0x5821 }],
    ['CRC', { crc32: 1 }],
    ['compressed size', { compressedSize: 3 }],
    ['size', { size: 3 }],
    ['name', { name: Buffer.from('b.txt') }],
    ['length of name', { name: Buffer.from('a.tx') }],
    ['case of name', { name: Buffer.from('A.txt') }],
  ])('may not disagree on %s', async (_, local) => {
    expect(await refusalOf(rawZip([{ ...file, local }]))).toEqual({
      code: 'HEADERS_DISAGREE',
      entry: 'a.txt',
      offset: 0,
    });
  });

  it('may not disagree on whether a descriptor follows', async () => {
    const bytes = rawZip([{ ...file, central: { flags: 0x0008 } }]);
    expect(await refusalOf(bytes)).toMatchObject({ code: 'HEADERS_DISAGREE' });
  });

  it('may leave zeros for the descriptor, but no other values', async () => {
    const described: RawEntry = { ...file, descriptor: 'honest' };
    expect(await refusalOf(rawZip([{ ...described, local: { size: 26 } }]))).toBeUndefined();
    for (const local of [{ size: 25 }, { crc32: 7 }, { compressedSize: 1 }]) {
      expect(await refusalOf(rawZip([{ ...described, local }]))).toMatchObject({ code: 'HEADERS_DISAGREE' });
    }
  });
});

describe('data descriptors', () => {
  it.each([
    ['CRC', descriptorOf(1, 28, 26)],
    ['sizes', descriptorOf(1, 28, 27, false)],
  ])('may not lie about %s', async (_, descriptor) => {
    expect(await refusalOf(rawZip([{ ...file, descriptor }, follower]))).toMatchObject({
      code: 'DESCRIPTOR_MISMATCH',
      entry: 'a.txt',
    });
  });

  it.each([
    ['missing', Buffer.alloc(0)],
    ['cut off', descriptorOf(0, 0, 0).subarray(0, 9)],
    ['as wide as ZIP64 makes them', Buffer.alloc(24)],
  ])('may not be %s', async (_, descriptor) => {
    expect(await refusalOf(rawZip([{ ...file, descriptor }, follower]))).toMatchObject({
      code: 'DESCRIPTOR_MALFORMED',
    });
  });

  it('may not have a signature that could be a checksum', async () => {
    const crc = 0x08074b50;
    const entry: RawEntry = {
      ...file,
      central: { crc32: crc },
      descriptor: descriptorOf(crc, 28, 26, false),
    };
    expect(await refusalOf(rawZip([entry, follower]))).toMatchObject({ code: 'DESCRIPTOR_MALFORMED' });
  });

  it('may not have sixteen bytes without the signature', async () => {
    const descriptor = Buffer.concat([Buffer.alloc(4), descriptorOf(0, 0, 0, false)]);
    expect(await refusalOf(rawZip([{ ...file, descriptor }, follower]))).toMatchObject({
      code: 'DESCRIPTOR_MALFORMED',
    });
  });

  it('may not follow stored data', async () => {
    expect(await refusalOf(rawZip([{ ...stored, descriptor: 'honest' }]))).toMatchObject({
      code: 'STORED_WITH_DESCRIPTOR',
    });
    expect(await refusalOf(rawZip([{ name: 'd/', descriptor: 'honest' }]))).toMatchObject({
      code: 'STORED_WITH_DESCRIPTOR',
    });
  });

  it('may not follow data whose header announces none', async () => {
    expect(await refusalOf(rawZip([{ ...file, after: descriptorOf(0, 0, 0) }, follower]))).toMatchObject({
      code: 'GAP',
    });
  });
});

describe('what an entry asks of its reader', () => {
  it.each([
    ['encryption', 0x0001, 'ENCRYPTED'],
    ['strong encryption', 0x0040, 'ENCRYPTED'],
    ['masked headers', 0x2000, 'ENCRYPTED'],
    ['patch data', 0x0020, 'PATCH_DATA'],
    ['enhanced deflate', 0x0010, 'FLAG_RESERVED'],
    ['flag 7', 0x0080, 'FLAG_RESERVED'],
    ['flag 8', 0x0100, 'FLAG_RESERVED'],
    ['flag 9', 0x0200, 'FLAG_RESERVED'],
    ['flag 10', 0x0400, 'FLAG_RESERVED'],
    ['enhanced compression', 0x1000, 'FLAG_RESERVED'],
    ['flag 14', 0x4000, 'FLAG_RESERVED'],
    ['flag 15', 0x8000, 'FLAG_RESERVED'],
  ])('refuses %s', async (_, flags, code) => {
    expect(await refusalOf(rawZip([{ ...file, flags }]))).toMatchObject({ code, entry: 'a.txt' });
  });

  it.each([1, 2, 6, 7, 9, 10, 12, 14, 93, 95, 98, 99, 0xffff])('refuses method %d', async (method) => {
    expect(await refusalOf(rawZip([{ ...file, method }]))).toMatchObject({ code: 'METHOD_UNSUPPORTED' });
  });

  it('takes the marks of how hard a compressor tried', async () => {
    expect(await refusalOf(rawZip([{ ...file, flags: 0x0006 }]))).toBeUndefined();
  });

  it('refuses newer versions of the format, and 4.5 where sizes follow', async () => {
    const asking = (versionNeeded: number): RawEntry => ({
      ...file,
      local: { versionNeeded },
      central: { versionNeeded },
    });
    expect(await refusalOf(rawZip([asking(10)]))).toBeUndefined();
    expect(await refusalOf(rawZip([asking(45)]))).toBeUndefined();
    for (const entry of [
      asking(21),
      asking(46),
      asking(63),
      { ...asking(45), descriptor: 'honest' as const },
    ]) {
      expect(await refusalOf(rawZip([entry]))).toMatchObject({ code: 'VERSION_NEEDED_UNSUPPORTED' });
    }
  });

  it('refuses an entry of another disk and an entry comment', async () => {
    expect(await refusalOf(rawZip([{ ...file, disk: 1 }]))).toMatchObject({ code: 'MULTI_DISK' });
    expect(await refusalOf(rawZip([{ ...file, comment: Buffer.from('hi') }]))).toMatchObject({
      code: 'ENTRY_COMMENT',
    });
  });

  it.each(['crc32', 'compressedSize', 'size'] as const)('refuses %s in a ZIP64 field', async (field) => {
    const central = { [field]: 0xffffffff };
    expect((await refusalOf(rawZip([{ ...file, central, local: central }])))?.code).toMatch(
      field === 'crc32' ? /^CRC_MISMATCH$/ : /^ZIP64$/,
    );
  });

  it('refuses a stored entry of two sizes', async () => {
    const sizes = { size: 3, compressedSize: 26 };
    expect(await refusalOf(rawZip([{ ...stored, local: sizes, central: sizes }]))).toMatchObject({
      code: 'STORED_SIZE_MISMATCH',
    });
  });
});

describe('extra fields', () => {
  const time = Buffer.alloc(4, 7);
  const extendedTime = extraField(0x5455, Buffer.concat([Buffer.from([1]), time]));
  const owner = extraField(0x7875, Buffer.from([1, 4, 1, 0, 0, 0, 4, 1, 0, 0, 0]));
  const ntfs = extraField(0x000a, Buffer.concat([Buffer.from([0, 0, 0, 0, 1, 0, 24, 0]), Buffer.alloc(24)]));

  it.each([
    ['extended time', extendedTime],
    ['time and owner', Buffer.concat([extendedTime, owner])],
    ['NTFS times', ntfs],
    ['old Unix', extraField(0x5855, Buffer.alloc(8))],
  ])('takes %s', async (_, extra) => {
    expect(await refusalOf(rawZip([{ ...file, extra }]))).toBeUndefined();
  });

  it.each([
    ['ZIP64', 0x0001],
    ['Unicode path', 0x7075],
    ['Unicode comment', 0x6375],
    ['AES', 0x9901],
    ['Unix with link target', 0x000d],
    ['ASi Unix with link target', 0x756e],
    ["libarchive's own", 0x6c78],
    ['Java', 0xcafe],
    ['strong encryption', 0x0017],
    ['zipalign', 0xd935],
    ['nothing known', 0x4242],
  ])('refuses %s in either header', async (_, id) => {
    const extra = extraField(id, Buffer.alloc(12));
    for (const entry of [
      { ...file, local: { extra } },
      { ...file, central: { extra } },
    ]) {
      expect(await refusalOf(rawZip([entry, follower]))).toMatchObject({
        code: 'EXTRA_FIELD_UNSUPPORTED',
        entry: 'a.txt',
      });
    }
  });

  it.each([
    ['one byte', Buffer.from([1])],
    ['three zeros, as padding', Buffer.alloc(3)],
    ['a length beyond the end', Buffer.from([0x55, 0x54, 9, 0, 1])],
    ['twice the same', Buffer.concat([extendedTime, extendedTime])],
    ['times that are not there', extraField(0x5455, Buffer.from([7, 0, 0, 0, 0, 0]))],
    ['reserved time flags', extraField(0x5455, Buffer.concat([Buffer.from([9]), time]))],
    ['no flags', extraField(0x5455)],
    ['owner of another version', extraField(0x7875, Buffer.from([2, 1, 0, 1, 0]))],
    ['owner with a hidden tail', extraField(0x7875, Buffer.from([1, 1, 0, 1, 0, 9, 9]))],
    ['NTFS times with another attribute', extraField(0x000a, Buffer.alloc(32))],
    ['a hidden payload', extraField(0x5855, Buffer.alloc(200))],
    ['more than all lawful ones', extraField(0x5455, Buffer.alloc(300))],
  ])('refuses %s', async (_, extra) => {
    for (const entry of [
      { ...file, local: { extra } },
      { ...file, central: { extra } },
    ]) {
      expect(await refusalOf(rawZip([entry, follower]))).toMatchObject({
        code: 'EXTRA_FIELD_MALFORMED',
        entry: 'a.txt',
      });
    }
  });
});
