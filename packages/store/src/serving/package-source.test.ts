import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ReleaseRecord } from '../catalog/release-record.js';
import { type OpenPackage, PackageSource } from './package-source.js';
import { recordOf } from './serving-fixtures.js';

const size = 10_000;
const limits = { maxHeldPackageBytes: size, maxHeldBytes: 2 * size, chunkBytes: 4096 };
const all = { first: 0, last: size - 1 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-store-source-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(id: string, bytes = randomBytes(size)): Promise<{ record: ReleaseRecord; bytes: Buffer }> {
  const record = recordOf(bytes, { id });
  await writeFile(join(folder, record.file), bytes);
  return { record: { ...record, mtimeMs: (await stat(join(folder, record.file))).mtimeMs }, bytes };
}

const read = (opened: OpenPackage, range = all): Promise<Buffer> | Buffer => {
  const bytes = opened.take(range);
  return Buffer.isBuffer(bytes) ? bytes : buffer(bytes as Readable);
};

/** Opens, says whether the bytes came from memory, and is done. */
async function isHeld(source: PackageSource, record: ReleaseRecord): Promise<boolean> {
  const opened = await source.open(record);
  const bytes = opened.take(all);
  if (!Buffer.isBuffer(bytes)) bytes.destroy();
  await opened.release();
  return Buffer.isBuffer(bytes);
}

test('a package asked for a second time is held, and is the same bytes', async () => {
  const source = new PackageSource(folder, limits);
  const { record, bytes } = await put('Foo');
  for (const held of [0, size, size]) {
    const opened = await source.open(record);
    expect((await read(opened, { first: 10, last: 19 })).equals(bytes.subarray(10, 20))).toBe(true);
    await opened.release();
    expect(source.heldBytes).toBe(held);
  }
});

test('memory stays within its bound: what is used least goes first, what is in use stays', async () => {
  const source = new PackageSource(folder, limits);
  const [a, b, c] = [await put('A'), await put('B'), await put('C')];
  for (const { record } of [a, b, c]) await isHeld(source, record);
  expect(await isHeld(source, a.record)).toBe(true);
  const slow = await source.open(b.record);
  expect(await isHeld(source, c.record)).toBe(true);
  expect(source.heldBytes).toBe(2 * size);
  const alsoSlow = await source.open(c.record);
  expect(await isHeld(source, a.record)).toBe(false);
  expect(source.heldBytes).toBe(2 * size);
  await slow.release();
  await slow.release();
  expect(await isHeld(source, a.record)).toBe(true);
  expect(Buffer.compare(await read(alsoSlow), c.bytes)).toBe(0);
  await alsoSlow.release();
});

test('readings at once do not pass the bound', async () => {
  const source = new PackageSource(folder, limits);
  const packages = await Promise.all(['A', 'B', 'C', 'D', 'E'].map((id) => put(id)));
  for (const { record } of packages) await isHeld(source, record);
  await Promise.all(packages.map(({ record }) => isHeld(source, record)));
  expect(source.heldBytes).toBeLessThanOrEqual(limits.maxHeldBytes);
  const [a] = packages;
  if (a === undefined) throw new Error('nothing put');
  await Promise.all([1, 2, 3, 4].map(() => isHeld(source, a.record)));
  expect(source.heldBytes).toBeLessThanOrEqual(limits.maxHeldBytes);
});

test('a package too large to hold is streamed each time', async () => {
  const source = new PackageSource(folder, limits);
  const { record, bytes } = await put('Big', randomBytes(size + 1));
  for (let n = 0; n < 3; n += 1) {
    const opened = await source.open(record);
    expect((await read(opened, { first: 0, last: size })).equals(bytes)).toBe(true);
    await opened.release();
  }
  expect(source.heldBytes).toBe(0);
});

test('what is held is not served either once the file is another', async () => {
  const source = new PackageSource(folder, limits);
  const { record } = await put('Foo');
  for (let n = 0; n < 2; n += 1) await isHeld(source, record);
  await writeFile(join(folder, record.file), 'other');
  await expect(source.open(record)).rejects.toMatchObject({ code: 'PACKAGE_CHANGED_ON_DISK' });
  await rm(join(folder, record.file));
  await expect(source.open(record)).rejects.toMatchObject({ code: 'PACKAGE_UNREADABLE' });
});
