import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Archive } from '../archive/archive.js';
import { bufferSource } from '../archive/byte-source.js';
import { openArchive } from '../archive/open-archive.js';
import { JplError } from '../error.js';
import { signEntries } from './sign-entries.js';
import { createTestSigner, type TestSigner } from './signing-fixtures.js';
import { writeArchive } from './write-archive.js';

// RFC 1951 knows many packings of the same bytes: bits before a stored block and after the last one, distances to
// any of several equal texts. The bytes themselves are under checksum and signature.
const documentedAsHarmless = [
  'deflate data',
  'external attributes',
  'internal attributes',
  'version made by',
];

let signer: TestSigner;
let bytes: Buffer;
let honest: string;
let entries: Archive['entries'];

beforeAll(async () => {
  signer = await createTestSigner();
  const content = [
    {
      name: 'manifest.json',
      data: Buffer.from('{"name":"Greeter","version":"1.0.0","description":"Hello, hello, hello."}'),
    },
    { name: 'data/', data: Buffer.alloc(0) },
    { name: 'data/empty', data: Buffer.alloc(0) },
    { name: 'data/text', data: Buffer.from('the same words, the same words, and some others') },
  ];
  const out = new PassThrough();
  const signed = await signEntries({ ...signer, entries: content, id: 'Greeter' });
  [bytes] = await Promise.all([buffer(out), writeArchive(signed, out)]);
  ({ entries } = await openArchive(bufferSource(bytes)));
  honest = (await contentsOf(bytes)) ?? '';
});
afterAll(() => signer[Symbol.asyncDispose]());

/** Everything a reader gets to see, or undefined when the archive is refused. */
async function contentsOf(archiveBytes: Buffer): Promise<string | undefined> {
  try {
    const archive = await openArchive(bufferSource(archiveBytes));
    const seen: string[] = [];
    for (const entry of archive.entries)
      seen.push(entry.kind, entry.name, (await archive.read(entry)).toString('hex'));
    return JSON.stringify(seen);
  } catch (error) {
    if (error instanceof JplError) return undefined;
    throw error;
  }
}

async function contentsWithFlip(position: number, mask: number): Promise<string | undefined> {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(position) ^ mask, position);
  return contentsOf(flipped);
}

function localFieldAt(position: number): string {
  for (const { name, method, offset, compressedSize } of entries) {
    const start = offset + 30 + Buffer.byteLength(name);
    if (method === 'deflate' && position >= start && position < start + compressedSize) return 'deflate data';
  }
  return `local part +${position}`;
}

/** Names the field a byte belongs to, for the fields that docs/archives.md lists as free to change. */
function fieldAt(position: number): string {
  const directory = bytes.indexOf('PK\x01\x02');
  if (position < directory) return localFieldAt(position);
  for (let at = directory; bytes.readUInt32LE(at) === 0x02014b50; ) {
    const next = at + 46 + bytes.readUInt16LE(at + 28);
    const within = position - at;
    if (position < next) {
      if (within === 4 || within === 5) return 'version made by';
      if (within === 36) return 'internal attributes';
      if (within >= 38 && within < 42) return 'external attributes';
      return `central record +${within}`;
    }
    at = next;
  }
  return 'end record';
}

describe('a signed package with a byte changed', () => {
  it('is refused or shows exactly the same entries', async () => {
    const harmless = new Set<string>();
    for (let position = 0; position < bytes.length; position += 1) {
      for (const mask of [0x01, 0x80]) {
        const seen = await contentsWithFlip(position, mask);
        if (seen === undefined) continue;
        expect(seen, `bit ${mask} of byte ${position}`).toBe(honest);
        harmless.add(fieldAt(position));
      }
    }
    // docs/archives.md, "What may change unnoticed", says why each is harmless.
    expect(documentedAsHarmless).toEqual(expect.arrayContaining([...harmless]));
  });

  it('or with one byte changed to any other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (position, mask) => {
        const seen = await contentsWithFlip(position, mask);
        if (seen !== undefined) expect(seen).toBe(honest);
      }),
      { numRuns: 1_000 },
    );
  });

  it('or with one byte lost or gained is refused', async () => {
    for (let position = 0; position < bytes.length; position += 7) {
      const before = bytes.subarray(0, position);
      const after = bytes.subarray(position);
      expect(
        await contentsOf(Buffer.concat([before, after.subarray(1)])),
        `without byte ${position}`,
      ).toBeUndefined();
      expect(
        await contentsOf(Buffer.concat([before, Buffer.from([0]), after])),
        `with byte ${position}`,
      ).toBeUndefined();
    }
  });
});
