import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveEntry } from '../archive/archive.js';
import { JplError } from '../error.js';
import { assertSignatureMapCovers, decodeSignatureMap, encodeSignatureMap } from './signature-map.js';
import { findCertificateEntry, signedEntries } from './signed-entries.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

function archiveOf(...names: string[]): { entries: ArchiveEntry[] } {
  const entries = names.map((name, offset): ArchiveEntry => {
    const kind = name.endsWith('/') ? 'directory' : 'file';
    return { name, kind, size: 0, compressedSize: 0, method: 'stored', crc32: 0, offset };
  });
  return { entries };
}

function mapOf(...names: string[]): Map<string, Buffer> {
  return new Map(names.map((name) => [name, Buffer.from('signature')]));
}

const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `f${index}`);

describe('decodeSignatureMap', () => {
  it.each([
    ['nothing', ''],
    ['an array', '91 a1 61'],
    ['a number', '01'],
    ['a map that is cut off', '81 a1 61'],
    ['a key that is cut off', '81 a5 61'],
    ['a signature that is cut off', '81 a1 61 c4 05 00'],
    ['a length that is cut off', '81 a1 61 c6 00 00'],
    ['a header that is cut off', 'de 00'],
    ['a promise of four billion entries', 'df ff ff ff ff'],
    ['a promise of four gigabytes', '81 db ff ff ff ff 61'],
    ['a number as key', '81 01 c4 01 00'],
    ['bytes as key', '81 c4 01 61 c4 01 00'],
    ['a key that is not UTF-8', '81 a1 ff c4 01 00'],
    ['text as signature', '81 a1 61 a1 62'],
    ['nil as signature', '81 a1 61 c0'],
    ['an array as signature', '81 a1 61 91 01'],
    ['a map as signature', '81 a1 61 81 a1 62 c4 01 00'],
    ['an extension as signature', '81 a1 61 d4 01 00'],
    ['bytes after the end', '81 a1 61 c4 01 00 00'],
    ['two maps', '80 80'],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeSignatureMap(hex(bytes))).toThrowError(
      expect.objectContaining({ name: 'JplError', code: 'SIGNATURE_MAP_MALFORMED' }),
    );
  });

  it('refuses a key that comes twice, in whatever form', () => {
    for (const bytes of ['82 a1 61 c4 01 00 a1 61 c4 01 01', '82 a1 61 c4 01 00 d9 01 61 c4 01 01']) {
      expect(() => decodeSignatureMap(hex(bytes))).toThrowError(
        expect.objectContaining({ code: 'SIGNATURE_MAP_DUPLICATE_KEY', entry: 'a', offset: 6 }),
      );
    }
  });

  it('takes __proto__ as a name like any other', () => {
    const map = decodeSignatureMap(encodeSignatureMap(mapOf('__proto__', 'constructor')));
    expect([...map.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it('reads what it writes, byte for byte what @msgpack/msgpack writes', () => {
    const maps = fc.uniqueArray(
      fc.tuple(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.uint8Array({ maxLength: 600 })),
      {
        selector: ([name]) => name,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(maps, (pairs) => {
        fc.pre(pairs.every(([name]) => name !== '__proto__'));
        const map = new Map(pairs.map(([name, signature]) => [name, Buffer.from(signature)]));
        const bytes = encodeSignatureMap(map);
        expect(decodeSignatureMap(bytes)).toEqual(map);
        const inOrder = pairs.every(([name]) => !/^\d+$/.test(name));
        if (inOrder) expect(bytes.equals(encode(Object.fromEntries(pairs)))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('reads maps of every width', () => {
    for (const count of [0, 15, 16, 10_000]) {
      expect(decodeSignatureMap(encodeSignatureMap(mapOf(...namesOf(count)))).size).toBe(count);
    }
    expect(decodeSignatureMap(hex('df 00 00 00 01 a1 61 c4 01 00')).size).toBe(1);
  });

  it('refuses more signatures than a package can have entries, before it holds any', () => {
    for (const count of [10_001, 70_000]) {
      expect(() => decodeSignatureMap(encodeSignatureMap(mapOf(...namesOf(count))))).toThrowError(
        expect.objectContaining({ code: 'SIGNATURE_MAP_MALFORMED', offset: 0 }),
      );
    }
  });

  it('ends in a map or a JplError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          return decodeSignatureMap(bytes) instanceof Map;
        } catch (error) {
          return error instanceof JplError;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('which entries are signed', () => {
  it('are all but the certificate and the two signature files in the root', () => {
    const archive = archiveOf(
      'manifest.json',
      'data/',
      'data/other.crt',
      'data/signatures',
      'p.crt',
      'signatures',
      'signatures.sig',
    );
    expect(signedEntries(archive).map(({ name }) => name)).toEqual([
      'manifest.json',
      'data/',
      'data/other.crt',
      'data/signatures',
    ]);
  });

  it.each([
    ['no certificate', ['manifest.json'], 'CERTIFICATE_MISSING'],
    ['one below the root only', ['data/p.crt'], 'CERTIFICATE_MISSING'],
    ['a folder named so', ['p.crt/', 'p.crt/x'], 'CERTIFICATE_MISSING'],
    ['one in capitals only', ['P.CRT'], 'CERTIFICATE_MISSING'],
    ['two', ['p.crt', 'q.crt'], 'CERTIFICATE_NOT_UNIQUE'],
    ['a second in capitals', ['p.crt', 'Q.CRT'], 'CERTIFICATE_NOT_UNIQUE'],
  ])('cannot be told with %s', (_, names, code) => {
    expect(() => findCertificateEntry(archiveOf(...names))).toThrowError(expect.objectContaining({ code }));
  });

  it('must be in the map, folders included, and nothing else may be', () => {
    const archive = archiveOf('manifest.json', 'data/', 'p.crt', 'signatures', 'signatures.sig');
    expect(() => assertSignatureMapCovers(mapOf('manifest.json', 'data/'), archive)).not.toThrow();
    const refusals: [string[], string, string][] = [
      [['manifest.json'], 'ENTRY_NOT_SIGNED', 'data/'],
      [['manifest.json', 'data'], 'ENTRY_NOT_SIGNED', 'data/'],
      [['manifest.json', 'data/', 'gone.txt'], 'SIGNATURE_WITHOUT_ENTRY', 'gone.txt'],
      [['manifest.json', 'data/', 'p.crt'], 'SIGNATURE_WITHOUT_ENTRY', 'p.crt'],
      [['manifest.json', 'data/', 'signatures'], 'SIGNATURE_WITHOUT_ENTRY', 'signatures'],
    ];
    for (const [names, code, entry] of refusals) {
      expect(() => assertSignatureMapCovers(mapOf(...names), archive)).toThrowError(
        expect.objectContaining({ code, entry }),
      );
    }
  });
});
