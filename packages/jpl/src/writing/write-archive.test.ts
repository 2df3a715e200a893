import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bufferSource } from '../archive/byte-source.js';
import { openFileSource } from '../archive/file-source.js';
import { openArchive } from '../archive/open-archive.js';
import type { PackageEntry } from './package-entry.js';
import { writeArchive } from './write-archive.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sample: PackageEntry[] = [
  { name: 'manifest.json', data: Buffer.from('{}') },
  { name: 'lib/x86_64-linux-gnu/libX.so', data: Buffer.alloc(5000, 'code') },
  { name: 'data/', data: Buffer.alloc(0) },
  { name: 'data/empty', data: Buffer.alloc(0) },
];

async function written(entries: readonly PackageEntry[], compress = true): Promise<Buffer> {
  const out = new PassThrough();
  const [bytes] = await Promise.all([buffer(out), writeArchive(entries, out, { compress })]);
  return bytes;
}

describe('writeArchive', () => {
  it('gives the same bytes for the same entries, in whatever order they come, now and later', async () => {
    const bytes = await written(sample);
    expect((await written([...sample].reverse())).equals(bytes)).toBe(true);
    // Stored, so that the digest does not depend on the zlib in use.
    const stored = await written(sample, false);
    expect(createHash('sha256').update(stored).digest('hex')).toMatchInlineSnapshot(
      `"004bd4bab4c5962852d304bce57ee4e4cc095333c677a7d95afb375ac6367248"`,
    );
  });

  it('does not depend on the time zone', async () => {
    const zone = process.env.TZ;
    const bytes = await written(sample);
    try {
      process.env.TZ = 'Pacific/Kiritimati';
      expect((await written(sample)).equals(bytes)).toBe(true);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('sorts by bytes, marks libraries executable, and writes no descriptors or extra fields for small entries', async () => {
    const bytes = await written(sample);
    const archive = await openArchive(bufferSource(bytes));
    const names = ['data/', 'data/empty', 'lib/x86_64-linux-gnu/libX.so', 'manifest.json'];
    expect(archive.entries.map(({ name }) => name)).toEqual(names);
    let at = bytes.indexOf('PK\x01\x02');
    const modes = names.map((name) => {
      expect(bytes.readUInt16LE(at + 8) & 0x0008, name).toBe(0);
      expect(bytes.readUInt16LE(at + 30), name).toBe(0);
      const mode = bytes.readUInt16LE(at + 40).toString(8);
      at += 46 + bytes.readUInt16LE(at + 28);
      return mode;
    });
    expect(modes).toEqual(['40755', '100644', '100755', '100644']);
  });

  it('writes what it reads back, any names and bytes', async () => {
    const component = fc
      .stringMatching(/^[a-zA-Z0-9é漢_-]{1,12}$/)
      .filter((text) => !/^(con|prn|aux|nul|com\d|lpt\d|__macosx)$/i.test(text));
    const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const entries = fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 3000 })), {
      selector: ([name]) => name.toLowerCase(),
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(entries, fc.boolean(), async (pairs, compress) => {
        const names = pairs.map(([name]) => name.toLowerCase());
        fc.pre(!names.some((name) => names.some((other) => other.startsWith(`${name}/`))));
        const folders = pairs.flatMap(([name]) =>
          name
            .split('/')
            .slice(0, -1)
            .map((_, i) => name.split('/', i + 1).join('/')),
        );
        fc.pre(new Set(folders).size === new Set(folders.map((name) => name.toLowerCase())).size);
        const bytes = await written(
          pairs.map(([name, data]) => ({ name, data: Buffer.from(data) })),
          compress,
        );
        const archive = await openArchive(bufferSource(bytes));
        expect(archive.entries).toHaveLength(pairs.length);
        for (const [name, data] of pairs) {
          const entry = archive.get(name);
          expect(entry && (await archive.read(entry)).equals(data)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('streams large files from disk, and unzip agrees on what is in them', async () => {
    const path = join(folder, 'big.bin');
    const content = Buffer.concat([randomBytes(9_000_000), Buffer.alloc(4_000_000)]);
    await writeFile(path, content);
    const out = join(folder, 'big.jpl');
    await writeArchive([{ name: 'big.bin', data: { path, size: content.length } }, ...sample], out, {
      compress: false,
    });
    await using source = await openFileSource(out);
    const archive = await openArchive(source);
    const entry = archive.get('big.bin');
    expect(entry && (await archive.read(entry)).equals(content)).toBe(true);
    expect(entry?.method).toBe('deflate');
    execFileSync('unzip', ['-tq', out], { stdio: 'pipe' });
  });

  it.each([
    ['../evil', Buffer.alloc(0), 'NAME_TRAVERSAL'],
    ['data\\x', Buffer.alloc(0), 'NAME_BACKSLASH'],
    ['manifest.json', Buffer.alloc(0), 'DUPLICATE_NAME'],
    ['Manifest.json', Buffer.alloc(0), 'NAME_COLLISION'],
    ['manifest.json/x', Buffer.alloc(0), 'FILE_FOLDER_COLLISION'],
    ['folder/', Buffer.from('x'), 'DIRECTORY_WITH_DATA'],
    ['huge', { path: '/nowhere', size: 600 * 1024 * 1024 }, 'ENTRY_TOO_LARGE'],
  ])('refuses to write %s, before anything is written', async (name, data, code) => {
    const target = join(folder, 'refused');
    await mkdir(target, { recursive: true });
    await expect(writeArchive([...sample, { name, data }], join(target, 'x.jpl'))).rejects.toMatchObject({
      code,
      entry: name,
    });
    expect(await readdir(target)).toEqual([]);
  });
});

describe('a failure while writing', () => {
  const half = (size: number): PackageEntry => ({
    name: 'half',
    data: {
      size,
      async *open() {
        yield Buffer.alloc(size - 1);
      },
    },
  });

  it.each([
    ['a small entry ends early', half(100), 'FILE_CHANGED'],
    ['a large entry ends early', half(9_000_000), 'FILE_CHANGED'],
    ['a small file is gone', { name: 'x', data: { path: '/nowhere/at-all', size: 10 } }, 'READ_FAILED'],
    [
      'a large file is gone',
      { name: 'x', data: { path: '/nowhere/at-all', size: 9_000_000 } },
      'READ_FAILED',
    ],
  ])('leaves what was there: %s', async (_, entry, code) => {
    const target = join(folder, `failure-${code}-${entry.name}`);
    await mkdir(target, { recursive: true });
    const out = join(target, 'p.jpl');
    await writeFile(out, 'before');
    await expect(writeArchive([...sample, entry], out)).rejects.toMatchObject({ name: 'JplError', code });
    expect(await readdir(target)).toEqual(['p.jpl']);
    expect(await readFile(out, 'utf8')).toBe('before');
  });

  it('notices a file that changed since it was listed', async () => {
    const path = join(folder, 'changing');
    await writeFile(path, 'twelve bytes');
    const entry = { name: 'x', data: { path, size: 12, modifiedMs: 1 } };
    await expect(written([entry])).rejects.toMatchObject({ code: 'FILE_CHANGED', entry: 'x' });
  });

  it('says so when the target cannot be written', async () => {
    await expect(writeArchive(sample, join(folder, 'missing', 'p.jpl'))).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    });
    const full = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('no space left'));
      },
    });
    await expect(writeArchive(sample, full)).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });
});
