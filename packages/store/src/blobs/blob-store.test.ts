import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeOnBlobStores } from './blob-fixtures.js';
import type { BlobStore, OpenBlob } from './blob-store.js';

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* inChunks(bytes: Buffer, chunk = 100_000): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}

async function bytesOf(blob: OpenBlob | undefined, range?: Parameters<OpenBlob['read']>[0]): Promise<Buffer> {
  if (blob === undefined) throw new Error('There is no such blob.');
  const chunks: Buffer[] = [];
  for await (const chunk of blob.read(range)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of list) found.push(item);
  return found;
}

const digestsIn = async (blobs: BlobStore) => (await all(blobs.list())).map(({ sha256 }) => sha256);

describeOnBlobStores('a blob store', (open) => {
  test('keeps what came in under its digest, and hands out any part of it', async () => {
    await using blobs = await open();
    const bytes = randomBytes(1_234_567);
    {
      await using received = await blobs.receive(inChunks(bytes), { maxBytes: 2_000_000 });
      expect(received).toMatchObject({ sha256: sha256Of(bytes), size: bytes.length });
      expect((await readFile(received.path)).equals(bytes)).toBe(true);
      expect(await blobs.stat(received.sha256)).toBeUndefined();
      await received.keep();
    }
    const sha256 = sha256Of(bytes);
    const found = await blobs.stat(sha256);
    expect(found).toMatchObject({ sha256, size: bytes.length });
    expect(Math.abs((found?.storedAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
    expect((await bytesOf(await blobs.open(sha256))).equals(bytes)).toBe(true);
    for (const [first, last] of [
      [0, 0],
      [1_000_000, 1_000_009],
      [1_234_566, 1_234_566],
      [5, 700_000],
    ] as const) {
      const part = await bytesOf(await blobs.open(sha256), { first, last });
      expect(part.equals(bytes.subarray(first, last + 1))).toBe(true);
    }
    const unread = await blobs.open(sha256);
    expect(unread?.size).toBe(bytes.length);
    await unread?.close();
  });

  test('takes the same bytes twice and from several at once', async () => {
    await using one = await open();
    await using other = await open();
    const bytes = randomBytes(300_000);
    const facts = { sha256: sha256Of(bytes), size: bytes.length };
    const stored = await Promise.all([one, other, one, other].map((blobs) => blobs.put(bytes)));
    expect(stored).toEqual([facts, facts, facts, facts]);
    expect(await one.put(bytes)).toEqual(facts);
    expect((await digestsIn(other)).filter((sha256) => sha256 === facts.sha256)).toHaveLength(1);
    expect((await bytesOf(await other.open(facts.sha256))).equals(bytes)).toBe(true);
  });

  test('is younger after the same bytes came again', async () => {
    // Half a day on: a bucket's own time is asked by the clock handed in.
    await using blobs = await open(() => new Date(Date.now() + 12 * 60 * 60 * 1000));
    const { sha256 } = await blobs.put(Buffer.from('again and again'));
    const first = await blobs.stat(sha256);
    // A bucket counts in seconds.
    await pause(1_100);
    await blobs.put(Buffer.from('again and again'));
    const second = await blobs.stat(sha256);
    expect(second?.storedAt.getTime()).toBeGreaterThan(first?.storedAt.getTime() ?? Number.POSITIVE_INFINITY);
  });

  test('knows nothing of what is not there, and forgets what is deleted', async () => {
    await using blobs = await open();
    const none = sha256Of(Buffer.from('none'));
    expect(await blobs.open(none)).toBeUndefined();
    expect(await blobs.stat(none)).toBeUndefined();
    await blobs.delete(none);
    const { sha256 } = await blobs.put(Buffer.from('soon gone'));
    expect(await digestsIn(blobs)).toContain(sha256);
    await blobs.delete(sha256);
    expect(await blobs.stat(sha256)).toBeUndefined();
    expect(await digestsIn(blobs)).not.toContain(sha256);
  });

  test('refuses more than was allowed, and keeps nothing of it', async () => {
    await using blobs = await open();
    const bytes = randomBytes(500_000);
    let handedOut = 0;
    async function* endless(): AsyncIterable<Buffer> {
      for (;;) {
        handedOut += 100_000;
        yield bytes.subarray(0, 100_000);
      }
    }
    await expect(blobs.receive(endless(), { maxBytes: 250_000 })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'PACKAGE_TOO_LARGE',
      status: 413,
    });
    expect(handedOut).toBe(300_000);
  });

  test('leaves nothing of a stream that breaks off, nor of one that was not kept', async () => {
    await using blobs = await open();
    async function* broken(): AsyncIterable<Buffer> {
      yield Buffer.from('half');
      throw new Error('cut');
    }
    await expect(blobs.receive(broken(), { maxBytes: 100 })).rejects.toThrow('cut');
    const received = await blobs.receive(inChunks(Buffer.from('unwanted')), { maxBytes: 100 });
    await received[Symbol.asyncDispose]();
    await expect(stat(received.path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await digestsIn(blobs)).not.toContain(received.sha256);
  });

  test('stops taking in when told to', async () => {
    await using blobs = await open();
    const stop = new AbortController();
    async function* slow(): AsyncIterable<Buffer> {
      yield Buffer.from('one');
      stop.abort(new Error('stopped'));
      yield Buffer.from('two');
    }
    await expect(blobs.receive(slow(), { maxBytes: 100, signal: stop.signal })).rejects.toThrow('stopped');
  });

  test('refuses names that are no digests', async () => {
    await using blobs = await open();
    for (const name of [
      '',
      '../../etc/passwd',
      'A'.repeat(64),
      `${'a'.repeat(63)}/`,
      `${'a'.repeat(64)}\n`,
    ]) {
      await expect((async () => blobs.open(name))()).rejects.toBeInstanceOf(RangeError);
    }
    for (const upload of ['', '..', 'a/b', 'a'.repeat(65)]) {
      await expect((async () => blobs.parts.put(upload, 0, Buffer.from('x')))()).rejects.toBeInstanceOf(
        RangeError,
      );
    }
    for (const number of [-1, 0.5, 1e9]) {
      await expect((async () => blobs.parts.open('a', number))()).rejects.toBeInstanceOf(RangeError);
    }
  });

  test('holds the parts of uploads apart from blobs and from each other', async () => {
    await using blobs = await open();
    const { parts } = blobs;
    await parts.put('one', 10, Buffer.from('ten'));
    await parts.put('one', 9, Buffer.from('nine'));
    await parts.put('other_-1', 0, Buffer.from('zero'));
    await parts.put('one', 9, Buffer.from('nine again'));
    const listed = await all(parts.list('one'));
    expect(listed.map(({ upload, number, size }) => [upload, number, size])).toEqual([
      ['one', 9, 10],
      ['one', 10, 3],
    ]);
    expect((await bytesOf(await parts.open('one', 9))).toString()).toBe('nine again');
    expect(await parts.open('one', 1)).toBeUndefined();
    expect((await all(parts.list())).map(({ upload }) => upload).sort()).toEqual(['one', 'one', 'other_-1']);
    expect(await digestsIn(blobs)).not.toContain('one');
    await parts.delete('one');
    await parts.delete('one');
    expect(await all(parts.list('one'))).toEqual([]);
    expect((await all(parts.list())).map(({ upload }) => upload)).toEqual(['other_-1']);
  });

  test('can be asked whether it is of use', async () => {
    await using blobs = await open();
    await blobs.assertUsable();
  });
});
