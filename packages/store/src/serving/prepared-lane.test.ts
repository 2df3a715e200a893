import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { linux, type RawAnswer, ServedStore, type ServedStoreOptions } from './serving-fixtures.js';

const listing = `/?arch=${linux}`;
const expiresAt = new Date('2030-02-01T00:00:00.000Z');

let served: ServedStore;

async function open(options?: ServedStoreOptions): Promise<ServedStore> {
  const store = await ServedStore.open(options);
  const texts = {
    en: { name: 'Notes', description: 'x'.repeat(2_000) },
    fr: { name: 'Notes', description: 'é'.repeat(2_000) },
  };
  await store.publish(Buffer.from('notes'), { id: 'Notes', texts, expiresAt });
  return store;
}

/** What is the same about two answers to one request. */
const comparable = ({ status, body, headers: { date: _, 'x-request-id': __, ...headers } }: RawAnswer) => ({
  status,
  body: body.toString('base64'),
  headers,
});

/** Asks twice. @returns both answers, and how many of them came ahead of the framework */
async function twice(
  path: string,
  headers: Record<string, string | string[]> = {},
  method = 'GET',
): Promise<[RawAnswer, RawAnswer, number]> {
  const before = served.ahead.length;
  const first = await served.ask(path, headers, method);
  const second = await served.ask(path, headers, method);
  return [first, second, served.ahead.length - before];
}

beforeEach(async () => {
  served = await open();
});
afterEach(() => served[Symbol.asyncDispose]());

describe('what was answered before', () => {
  test.each([listing, `/details/Notes?arch=${linux}`, `/versions/Notes?arch=${linux}`])(
    'is answered again with the same status, fields and bytes: %s',
    async (path) => {
      for (const headers of [
        {},
        { 'accept-language': 'fr' },
        { 'accept-encoding': 'br' },
        { 'accept-language': 'fr, en;q=0.5', 'accept-encoding': 'gzip' },
      ]) {
        const [first, second, ahead] = await twice(path, headers);
        expect(first.status).toBe(200);
        expect(comparable(second)).toEqual(comparable(first));
        expect(ahead).toBe(1);
        expect(second.headers['x-request-id']).toMatch(/^[\da-f]{16}$/);
        expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
      }
      expect(served.ahead.at(-1)).toEqual({
        route: path.replace(/\?.*/, '').replace('Notes', ':id'),
        url: path,
        status: 200,
        bytes: expect.any(Number),
      });
    },
  );

  test('is answered 304 to who has it', async () => {
    const { headers } = await served.ask(listing);
    const own = { 'if-none-match': headers.etag ?? '' };
    const ahead = await served.ask(listing, own);
    expect(served.ahead).toEqual([{ route: '/', url: listing, status: 304, bytes: 0 }]);
    // A list of tags is read by the route.
    const byRoute = await served.ask(listing, { 'if-none-match': `"other", ${headers.etag}` });
    expect(served.ahead).toHaveLength(1);
    expect(ahead.status).toBe(304);
    expect(comparable(ahead)).toEqual(comparable(byRoute));
  });

  test('is not answered to other languages or codings', async () => {
    await served.ask(listing);
    for (const headers of [{ 'accept-language': 'fr' }, { 'accept-encoding': 'gzip' }])
      await served.ask(listing, headers);
    expect(served.ahead).toEqual([]);
  });
});

describe('what is not true any more', () => {
  test('is not answered after a change, from the instant on at which the change is known', async () => {
    await twice(listing);
    await served.publish(Buffer.from('other'), { id: 'Other' });
    const { body } = await served.ask(listing);
    expect(body.toString()).toContain('"id":"Other"');
    expect(served.ahead).toHaveLength(1);
  });

  test('is not answered when a certificate has expired', async () => {
    const [{ body }] = await twice(listing);
    expect(body.toString()).toContain('"id":"Notes"');
    served.at = expiresAt;
    const [first, second] = await twice(listing);
    expect([first.body.toString(), second.body.toString()]).toEqual(['[]', '[]']);
  });

  test('is not answered when the clock was set back to before it was made', async () => {
    await twice(listing);
    served.at = new Date(served.at.getTime() - 24 * 60 * 60 * 1000);
    const before = served.ahead.length;
    await served.ask(listing);
    expect(served.ahead).toHaveLength(before);
  });
});

describe('what is unusual is left to the framework', () => {
  test.each<[string, Record<string, string | string[]>, string]>([
    ['HEAD', {}, 'HEAD'],
    ['If-Match', { 'if-match': '"other"' }, 'GET'],
    ['a tag it has not', { 'if-none-match': '"other"' }, 'GET'],
    ['any tag', { 'if-none-match': '*' }, 'GET'],
    ['an expectation', { expect: 'the-unexpected' }, 'GET'],
    ['a body', { 'content-length': '0' }, 'GET'],
    ['a field that stands there twice', { 'accept-language': ['fr', 'en'] }, 'GET'],
  ])('%s', async (_, headers, method) => {
    const [, , ahead] = await twice(listing);
    expect(ahead).toBe(1);
    expect((await twice(listing, headers, method))[2]).toBe(0);
  });

  test('an answer that refuses', async () => {
    const [first, , ahead] = await twice(`/details/Nobody?arch=${linux}`);
    expect([first.status, ahead]).toEqual([404, 0]);
  });
});

describe('what is kept is bounded', () => {
  test('in number, the oldest goes first', async () => {
    await served[Symbol.asyncDispose]();
    served = await open({ held: { maxAnswers: 2 } });
    for (const language of ['en', 'fr', 'de']) await served.ask(`${listing}&own=${language}`);
    for (const language of ['de', 'fr', 'en']) await served.ask(`${listing}&own=${language}`);
    expect(served.ahead).toHaveLength(2);
  });

  test('in bytes', async () => {
    await served[Symbol.asyncDispose]();
    served = await open({ held: { maxBytes: 100 } });
    expect((await twice(listing))[2]).toBe(0);
  });

  test('in the length of what it is found by', async () => {
    expect((await twice(`${listing}&own=${'x'.repeat(2_000)}`))[2]).toBe(0);
  });
});
