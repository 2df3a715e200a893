import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteSource, bufferSource, openFileSource } from '@jami-plugin-store/jpl';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinSource } from './pinned-source.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-pin-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = { chunkBytes: 16, maxCachedBytes: 32 };

describe('pinSource', () => {
  it('hands out the same bytes as its source, and their digest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.array(fc.tuple(fc.nat(199), fc.nat(199))),
        async (bytes, ranges) => {
          const pinned = pinSource(bufferSource(bytes), small);
          for (const [from, length] of ranges) {
            if (from + length > bytes.length || length === 0) continue;
            expect(await pinned.read(from, length)).toEqual(Buffer.from(bytes).subarray(from, from + length));
          }
          expect(await pinned.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses what its source refuses', async () => {
    const pinned = pinSource(bufferSource(Buffer.alloc(40)), small);
    for (const [position, length] of [
      [0, 41],
      [-1, 1],
      [40, 1],
    ] as const)
      await expect(pinned.read(position, length)).rejects.toMatchObject({ code: 'READ_FAILED' });
    expect(await pinned.read(3, 0)).toHaveLength(0);
  });

  it('notices a file that was changed between two reads', async () => {
    const path = join(folder, 'changing');
    const bytes = randomBytes(400);
    await writeFile(path, bytes);
    await using source = await openFileSource(path);
    const pinned = pinSource(source, small);
    await pinned.read(0, 16);
    const writer = await open(path, 'r+');
    await writer.write(Buffer.from([(bytes[3] ?? 0) ^ 1]), 0, 1, 3);
    await writer.close();
    await expect(pinned.sha256()).resolves.toBe(createHash('sha256').update(bytes).digest('hex'));
    // Out of memory by now, so read again from the file.
    await expect(pinned.read(0, 16)).rejects.toMatchObject({ code: 'PACKAGE_CHANGED_WHILE_READ' });
  });

  it('takes the digest of what was read first, not of what stands there later', async () => {
    const path = join(folder, 'swapped');
    await writeFile(path, Buffer.alloc(400, 1));
    await using source = await openFileSource(path);
    const pinned = pinSource(source, small);
    for (let at = 0; at < 400; at += 16) await pinned.read(at, 16);
    await writeFile(path, Buffer.alloc(400, 2));
    const first = createHash('sha256').update(Buffer.alloc(400, 1)).digest('hex');
    expect(await pinned.sha256()).toBe(first);
    await expect(pinned.read(0, 16)).rejects.toMatchObject({ code: 'PACKAGE_CHANGED_WHILE_READ' });
  });

  it('notices a change of what was read before its turn', async () => {
    const path = join(folder, 'early');
    await writeFile(path, Buffer.alloc(400, 1));
    await using source = await openFileSource(path);
    const pinned = pinSource(source, small);
    // From the end, as an archive is opened; the first of them have left memory at the end.
    for (let at = 384; at >= 16; at -= 16) await pinned.read(at, 16);
    await writeFile(path, Buffer.concat([Buffer.alloc(384, 1), Buffer.alloc(16, 2)]));
    await expect(pinned.sha256()).rejects.toMatchObject({ code: 'PACKAGE_CHANGED_WHILE_READ' });
  });

  it('never hands out two contents, nor one that is not in the digest, whatever the file does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(199), fc.integer({ min: 1, max: 60 })), { maxLength: 4 })),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        async (rounds, flips) => {
          const pinned = pinSource(fickleSource(200, flips), small);
          const seen = new Map<number, number>();
          const look = async (from: number, length: number): Promise<void> => {
            const bytes = await pinned.read(from, Math.min(length, 200 - from));
            for (const [i, byte] of bytes.entries()) expect(seen.get(from + i) ?? byte).toBe(byte);
            for (const [i, byte] of bytes.entries()) seen.set(from + i, byte);
          };
          try {
            for (const round of rounds) await Promise.all(round.map(([from, length]) => look(from, length)));
            const digest = await pinned.sha256();
            await look(0, 200);
            const content = Uint8Array.from({ length: 200 }, (_, i) => seen.get(i) ?? 0);
            expect(digest).toBe(createHash('sha256').update(content).digest('hex'));
          } catch (error) {
            expect(error).toMatchObject({ code: 'PACKAGE_CHANGED_WHILE_READ' });
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stops when told to', async () => {
    const pinned = pinSource(bufferSource(Buffer.alloc(400)), small);
    await expect(pinned.sha256(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

/** A file somebody writes to: each read finds one of two contents. */
function fickleSource(size: number, flips: readonly boolean[]): ByteSource {
  let reads = 0;
  return {
    size,
    read: async (_position, length) => {
      const isOther = flips[reads % flips.length] ?? false;
      reads += 1;
      return Buffer.alloc(length, isOther ? 2 : 1);
    },
  };
}
