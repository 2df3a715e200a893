import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobFacts, BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import { BlobSource, type ServedBlob } from './blob-source.js';

const size = 10_000;
const limits = { maxHeldBlobBytes: size, maxHeldBytes: 2 * size };
const all = { first: 0, last: size - 1 };

let folder: string;
let blobs: BlobStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-store-source-'));
  blobs = await openBlobs({ dataDir: folder, clock: () => new Date() });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(bytes = randomBytes(size)): Promise<{ facts: BlobFacts; bytes: Buffer }> {
  return { facts: await blobs.put(bytes), bytes };
}

const read = (opened: ServedBlob, range = all): Promise<Buffer> | Buffer => {
  const bytes = opened.take(range);
  return Buffer.isBuffer(bytes) ? bytes : buffer(bytes as Readable);
};

/** Opens, says whether the bytes came from memory, and is done. */
async function isHeld(source: BlobSource, facts: BlobFacts): Promise<boolean> {
  const opened = await source.open(facts);
  const bytes = opened.take(all);
  if (!Buffer.isBuffer(bytes)) bytes.destroy();
  await opened.release();
  return Buffer.isBuffer(bytes);
}

test('a package asked for a second time is held, and is the same bytes', async () => {
  const source = new BlobSource(blobs, limits);
  const { facts, bytes } = await put();
  for (const held of [0, size, size]) {
    const opened = await source.open(facts);
    expect((await read(opened, { first: 10, last: 19 })).equals(bytes.subarray(10, 20))).toBe(true);
    await opened.release();
    expect(source.heldBytes).toBe(held);
  }
});

test('memory stays within its bound: what is used least goes first, what is in use stays', async () => {
  const source = new BlobSource(blobs, limits);
  const [a, b, c] = [await put(), await put(), await put()];
  for (const { facts } of [a, b, c]) await isHeld(source, facts);
  expect(await isHeld(source, a.facts)).toBe(true);
  const slow = await source.open(b.facts);
  expect(await isHeld(source, c.facts)).toBe(true);
  expect(source.heldBytes).toBe(2 * size);
  const alsoSlow = await source.open(c.facts);
  expect(await isHeld(source, a.facts)).toBe(false);
  expect(source.heldBytes).toBe(2 * size);
  await slow.release();
  await slow.release();
  expect(await isHeld(source, a.facts)).toBe(true);
  expect(Buffer.compare(await read(alsoSlow), c.bytes)).toBe(0);
  await alsoSlow.release();
});

test('readings at once do not pass the bound', async () => {
  const source = new BlobSource(blobs, limits);
  const packages = await Promise.all(['A', 'B', 'C', 'D', 'E'].map(() => put()));
  for (const { facts } of packages) await isHeld(source, facts);
  await Promise.all(packages.map(({ facts }) => isHeld(source, facts)));
  expect(source.heldBytes).toBeLessThanOrEqual(limits.maxHeldBytes);
  const [a] = packages;
  if (a === undefined) throw new Error('nothing put');
  await Promise.all([1, 2, 3, 4].map(() => isHeld(source, a.facts)));
  expect(source.heldBytes).toBeLessThanOrEqual(limits.maxHeldBytes);
});

test('a package too large to hold is streamed each time', async () => {
  const source = new BlobSource(blobs, limits);
  const { facts, bytes } = await put(randomBytes(size + 1));
  for (let n = 0; n < 3; n += 1) {
    const opened = await source.open(facts);
    expect((await read(opened, { first: 0, last: size })).equals(bytes)).toBe(true);
    await opened.release();
  }
  expect(source.heldBytes).toBe(0);
});

test('other bytes than those of the digest are not held, and not served from memory', async () => {
  const source = new BlobSource(blobs, limits);
  const { facts } = await put();
  const path = join(blobs.place, 'sha256', facts.sha256.slice(0, 2), facts.sha256);
  await isHeld(source, facts);
  await writeFile(path, randomBytes(size));
  await expect(source.open(facts)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
  expect(source.heldBytes).toBe(0);
  await rm(path);
  await expect(source.open({ ...facts, size: size + 1 })).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
});

test('many who ask for a second time share one reading', async () => {
  const source = new BlobSource(blobs, limits);
  const { facts, bytes } = await put();
  await isHeld(source, facts);
  const opened = await Promise.all([1, 2, 3].map(() => source.open(facts)));
  expect(source.heldBytes).toBe(size);
  const taken = opened.map((blob) => blob.take(all)) as Buffer[];
  for (const held of taken) expect(held.equals(bytes)).toBe(true);
  expect(new Set(taken.map(({ buffer: memory }) => memory)).size).toBe(1);
});
