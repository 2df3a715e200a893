import { expect, test } from 'vitest';
import { createNetwork } from '../network/network.js';
import { createTestTimer, rejection, serve } from '../network/test-server-fixtures.js';
import { type StoreSearch, searchStore } from './search-store.js';
import { createStoreApi } from './store-api.js';

const info = { name: 'S', api: ['v1'], roots: [], revocation: 'required', plugins: 3 };
const documented = (id: string) => ({
  id,
  name: `The ${id}`,
  description: '',
  version: '1.0.0',
  publisher: { name: 'A' },
  categories: ['media'],
  platforms: ['x86_64-linux-gnu'],
  platformIndependent: false,
  size: 5,
  publishedAt: '2026-06-01T00:00:00Z',
  downloads: 0,
});
const plain = (id: string, timestamp: string) => ({ id, name: `The ${id}`, version: '1.0.0', timestamp });

/** Asks a store whose answers are told by path; a number is a status. */
async function search(answers: Record<string, unknown>, wish: StoreSearch) {
  await using server = await serve((request, response) => {
    const path = request.url ?? '';
    const answer = Object.entries(answers).find(([start]) => path.startsWith(start))?.[1];
    if (typeof answer === 'number' || answer === undefined) response.writeHead(answer ?? 404).end();
    else
      response.end(
        JSON.stringify(typeof answer === 'function' ? answer(new URL(path, 'http://store')) : answer),
      );
  });
  await using network = createNetwork({ timer: createTestTimer(25_000), retry: { attempts: 1 } });
  const store = createStoreApi(network, server.url, 'x86_64-linux-gnu');
  const { items, hasMore } = await searchStore(store, wish, {});
  return { ids: items.map(({ id }) => id), hasMore, paths: server.requests.map(({ path }) => path) };
}

const pages = ({ searchParams }: URL) => {
  const names = ['One', 'Two', 'Three'];
  const from = Number(searchParams.get('cursor') ?? 0);
  const plugins = names.slice(from, from + Math.min(2, Number(searchParams.get('limit')))).map(documented);
  const next = from + plugins.length;
  return { plugins, ...(next < names.length ? { next: String(next) } : {}) };
};

test('a store that can search is asked page by page, for no more than is wanted', async () => {
  const answers = { '/v1/store': info, '/v1/plugins': pages };
  expect(await search(answers, { limit: 100 })).toMatchObject({
    ids: ['One', 'Two', 'Three'],
    hasMore: false,
  });
  const some = await search(answers, { limit: 2, q: 'the', category: 'media' });
  expect(some).toMatchObject({ ids: ['One', 'Two'], hasMore: true });
  expect(some.paths.at(-1)).toBe(
    '/v1/plugins?platform=x86_64-linux-gnu&q=the&category=media&sort=relevance&limit=2',
  );
});

test('a store that turns in a circle is not followed', async () => {
  const circle = () => ({ plugins: [], next: 'again' });
  const found = await search({ '/v1/store': info, '/v1/plugins': circle }, { limit: 100 });
  expect(found).toMatchObject({ ids: [], hasMore: false });
  expect(found.paths).toHaveLength(2);
});

test.each([
  ['a plain Jami store', {}],
  ['a documented store that is older than the search', { '/v1/store': info }],
])('in the list of %s the same is found here', async (_, more) => {
  const list = [plain('Old', '2026-01-01T00:00:00Z'), plain('New', '2026-06-01T00:00:00Z')];
  const answers = { ...more, '/?arch=': list };
  expect(await search(answers, { limit: 1 })).toMatchObject({ ids: ['New'], hasMore: true });
  expect(await search(answers, { limit: 5, q: 'ol' })).toMatchObject({ ids: ['Old'], hasMore: false });
  expect(await search(answers, { limit: 5, category: 'media' })).toMatchObject({ ids: [] });
});

test('a list of which nothing can be used, and a store that fails, are no empty store', async () => {
  expect(await rejection(search({ '/?arch=': [{}] }, { limit: 5 }))).toMatchObject({
    code: 'ANSWER_MALFORMED',
  });
  const failing = { '/v1/store': info, '/v1/plugins': 503 };
  expect(await rejection(search(failing, { limit: 5 }))).toMatchObject({ code: 'HTTP_STATUS' });
});
