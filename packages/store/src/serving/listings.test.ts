import { gunzipSync } from 'node:zlib';
import type { StorePlugin } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ListedPlugin, ListingSegments } from './listing-segments.js';
import { linux, type RawAnswer, ServedStore } from './serving-fixtures.js';

const listedOf = (plugin: number, publishedAt: number, expiresAt = 1_000): ListedPlugin => ({
  plugin,
  package: plugin,
  publishedAt,
  expiresAt,
  language: 'en',
  json: Buffer.from(JSON.stringify({ id: plugin, publishedAt, text: 'x'.repeat(600) })),
});

async function textOf(segments: ListingSegments): Promise<string> {
  const { codings } = await segments.prepare();
  const bytesOf = (coding: 'identity' | 'gzip'): Buffer => {
    const { body, length } = codings.get(coding) ?? { body: [], length: 0 };
    const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body);
    expect(bytes.length).toBe(length);
    return bytes;
  };
  const text = bytesOf('identity').toString();
  if (codings.has('gzip')) expect(gunzipSync(bytesOf('gzip')).toString()).toBe(text);
  return text;
}

describe('a listing in segments', () => {
  test('is the same as one made anew, whatever has changed in it', async () => {
    const number = fc.integer({ min: 1, max: 1_800 });
    const change = fc.record({
      removed: fc.array(number, { maxLength: 30 }),
      added: fc.array(fc.tuple(number, fc.integer({ min: 0, max: 5_000 })), { maxLength: 30 }),
    });
    const everyone = Array.from({ length: 1_500 }, (_, plugin) =>
      listedOf(plugin + 1, (plugin * 37) % 3_000),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
        let segments = ListingSegments.of(everyone);
        const expected = new Map(everyone.map((listed) => [listed.plugin, listed]));
        for (const { removed, added } of changes) {
          const listed = [...new Map(added).entries()].map(([plugin, at]) => listedOf(plugin, at));
          const changed = new Set([...removed, ...listed.map(({ plugin }) => plugin)]);
          for (const plugin of changed) expected.delete(plugin);
          for (const one of listed) expected.set(one.plugin, one);
          segments = segments.with(changed, listed, 0);
        }
        expect(segments.size).toBe(expected.size);
        expect(await textOf(segments)).toBe(await textOf(ListingSegments.of([...expected.values()])));
      }),
      { numRuns: 15 },
    );
  });

  test('loses what has expired, and becomes empty', async () => {
    const segments = ListingSegments.of([listedOf(1, 1, 10), listedOf(2, 2, 20)]);
    expect(segments.until).toBe(10);
    const later = segments.with(new Set(), [], 10);
    expect([later.size, later.until]).toEqual([1, 20]);
    const none = later.with(new Set([2]), [], 10);
    expect([none.size, none.until, await textOf(none)]).toEqual([0, Number.POSITIVE_INFINITY, '[]']);
    expect(await textOf(none.with(new Set([3]), [listedOf(3, 3)], 10))).toContain('"id":3');
  });
});

describe('a long listing', () => {
  const idsIn = ({ body }: RawAnswer) => JSON.parse(body.toString()).map(({ id }: StorePlugin) => id);

  test('is sent in pieces, plain and gzipped, and follows what changes', async () => {
    await using served = await ServedStore.open();
    const description = 'What it does, at length. '.repeat(40);
    for (let n = 0; n < 300; n += 1)
      await served.publish(Buffer.from(`p${n}`), {
        id: `P${n}`,
        texts: { en: { name: `P${n}`, description } },
        publishedAt: new Date(Date.UTC(2029, 0, 1) + n),
      });
    const path = `/?arch=${linux}`;
    const before = await served.ask(path);
    expect(before.body.length).toBeGreaterThan(256 * 1024);
    expect(Number(before.headers['content-length'])).toBe(before.body.length);
    const coded = await served.ask(path, { 'accept-encoding': 'gzip, br' });
    expect(coded.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(coded.body).equals(before.body)).toBe(true);
    expect(
      (await served.ask(path, { 'if-none-match': String(coded.headers.etag), 'accept-encoding': 'gzip' }))
        .status,
    ).toBe(304);
    expect((await served.ask(path, {}, 'HEAD')).headers.etag).toBe(before.headers.etag);
    const { plugin } = await served.publish(Buffer.from('again'), { id: 'P7', version: '2.0' });
    const ids = idsIn(await served.ask(path));
    expect([ids.length, ids.at(-1), ids.indexOf('P7')]).toEqual([300, 'P7', 299]);
    await served.change(plugin, (tx) =>
      tx.updateTable('packages').set({ state: 'withdrawn' }).where('plugin_number', '=', plugin).execute(),
    );
    expect(idsIn(await served.ask(path))).toHaveLength(299);
  });
});
