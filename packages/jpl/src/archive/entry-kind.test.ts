import { describe, expect, it } from 'vitest';
import { rawZip } from './raw-zip-fixtures.js';
import { refusalOf } from './refusal-fixtures.js';

const unix = (mode: number, dos = 0) => ((mode << 16) | dos) >>> 0;

describe('attributes', () => {
  it.each([
    ['a symbolic link', unix(0o120777), 'LINK'],
    ['a Windows reparse point', 0x400, 'LINK'],
    ['a character device', unix(0o020666), 'SPECIAL_FILE'],
    ['a block device', unix(0o060666), 'SPECIAL_FILE'],
    ['a named pipe', unix(0o010666), 'SPECIAL_FILE'],
    ['a socket', unix(0o140777), 'SPECIAL_FILE'],
    ['a type that does not exist', unix(0o170000), 'SPECIAL_FILE'],
    ['a volume label', 0x08, 'SPECIAL_FILE'],
    ['setuid', unix(0o104755), 'SETUID'],
    ['setgid', unix(0o102755), 'SETUID'],
    ['sticky', unix(0o101644), 'SETUID'],
    ['setuid without a type', unix(0o4755), 'SETUID'],
    ['unknown Windows attributes', 0x1000, 'ATTRIBUTES_RESERVED'],
    ['a folder by mode', unix(0o040755), 'KIND_DISAGREES'],
    ['a folder by attribute', 0x10, 'KIND_DISAGREES'],
    ['a file by mode and a folder by attribute', unix(0o100644, 0x10), 'KIND_DISAGREES'],
  ])('refuse %s for a file', async (_, external, code) => {
    expect(await refusalOf(rawZip([{ name: 'thing', content: '/etc/passwd', external }]))).toMatchObject({
      code,
      entry: 'thing',
    });
  });

  it.each([
    ['a file by mode', unix(0o100644)],
    ['a file by attribute', 0x20],
    ['a file by mode and a folder by attribute', unix(0o100755, 0x10)],
  ])('refuse %s for a folder', async (_, external) => {
    expect(await refusalOf(rawZip([{ name: 'thing/', external }]))).toMatchObject({ code: 'KIND_DISAGREES' });
  });

  it('refuse setgid folders', async () => {
    expect(await refusalOf(rawZip([{ name: 'thing/', external: unix(0o042755) }]))).toMatchObject({
      code: 'SETUID',
    });
  });

  it.each([
    ['nothing', 'f', 0],
    ['a mode without type', 'f', unix(0o600)],
    ['what Windows says', 'f', 0x20],
    ['what macOS says', 'f', unix(0o100644, 0x4000)],
    ['what 7-Zip says', 'f', unix(0o100644, 0x8020)],
    ['nothing of a folder', 'd/', 0],
    ['what Info-ZIP says of a folder', 'd/', unix(0o040755, 0x10)],
  ])('may say %s', async (_, name, external) => {
    expect(await refusalOf(rawZip([{ name, external }]))).toBeUndefined();
  });

  it('refuse reserved internal ones', async () => {
    expect(await refusalOf(rawZip([{ name: 'f', internal: 1 }]))).toBeUndefined();
    expect(await refusalOf(rawZip([{ name: 'f', internal: 2 }]))).toMatchObject({
      code: 'ATTRIBUTES_RESERVED',
    });
  });

  it('refuse a folder with data, packed or claimed', async () => {
    const folders = [
      { name: 'd/', content: 'data', method: 0 },
      { name: 'd/', content: 'data' },
      { name: 'd/', method: 8 },
      { name: 'd/', local: { crc32: 5 }, central: { crc32: 5 } },
    ];
    for (const folder of folders) {
      expect(await refusalOf(rawZip([folder]))).toMatchObject({ code: 'DIRECTORY_WITH_DATA', entry: 'd/' });
    }
  });
});
