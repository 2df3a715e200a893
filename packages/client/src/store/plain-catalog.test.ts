import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rejection } from '../network/test-server-fixtures.js';
import { type CatalogItem, instantOf } from './catalog-item.js';
import { searchPlain } from './plain-catalog.js';

const item = (id: string, more: Partial<CatalogItem> = {}): CatalogItem => ({
  id,
  name: id,
  description: '',
  version: '1.0.0',
  categories: [],
  platforms: [],
  isJudged: false,
  ...more,
});
const items = [
  item('Echo', {
    name: 'Écho',
    description: 'Repeats what is said',
    publishedAt: '2026-01-02T00:00:00.000Z',
  }),
  item('Whiteboard', { publisher: { name: 'Papillon' }, publishedAt: '2026-01-03T00:00:00.000Z' }),
  item('apple', { description: 'A board of apples', publishedAt: '2026-01-01T00:00:00.000Z' }),
  item('Old'),
];
const ids = (query: Partial<Parameters<typeof searchPlain>[1]>) =>
  searchPlain(items, { limit: 10, language: 'fr', ...query }).items.map(({ id }) => id);

test('finds the beginnings of words, without accents and case, all of them', () => {
  expect(ids({ q: 'ech' })).toEqual(['Echo']);
  expect(ids({ q: 'ÉCHO repeats' })).toEqual(['Echo']);
  expect(ids({ q: 'echo nothing' })).toEqual([]);
  expect(ids({ q: 'papil' })).toEqual(['Whiteboard']);
  expect(ids({ q: 'oard' })).toEqual([]);
  expect(ids({ q: '---' })).toHaveLength(4);
});

test('orders by name, by time, by how well it fits', () => {
  expect(ids({ sort: 'name' })).toEqual(['apple', 'Echo', 'Old', 'Whiteboard']);
  expect(ids({ sort: 'newest' })).toEqual(['Whiteboard', 'Echo', 'apple', 'Old']);
  expect(ids({})).toEqual(ids({ sort: 'newest' }));
  expect(ids({ sort: 'downloads' })).toEqual(ids({ sort: 'newest' }));
  const board = [item('board'), item('x', { description: 'board' }), item('y', { name: 'boards' })];
  const found = searchPlain(board, { q: 'board', sort: 'relevance', limit: 10, language: undefined });
  expect(found.items.map(({ id }) => id)).toEqual(['board', 'y', 'x']);
});

test('pages have everything once, in order, also when the list changes in between', () => {
  const property = fc.property(
    fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 7 }),
    fc.constantFrom('name', 'newest', 'relevance', undefined),
    (names, limit, sort) => {
      const list = names.map((name, index) =>
        item(name, { publishedAt: `2026-01-0${(index % 3) + 1}T00:00:00.000Z` }),
      );
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = searchPlain(list, { sort, cursor, limit, language: 'en' });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toEqual(searchPlain(list, { sort, limit: 100, language: 'en' }).items.map(({ id }) => id));
    },
  );
  fc.assert(property, { numRuns: 100 });
  const first = searchPlain(items, { sort: 'name', limit: 2, language: 'en' });
  const grown = [...items, item('aardvark'), item('Zebra')];
  const rest = searchPlain(grown, { sort: 'name', limit: 10, cursor: first.next, language: 'en' });
  expect(rest.items.map(({ id }) => id)).toEqual(['Old', 'Whiteboard', 'Zebra']);
});

test('a cursor that is none is refused', async () => {
  for (const cursor of ['', 'x', 'W10', Buffer.from('{"a":1}').toString('base64url')]) {
    const search = async () => searchPlain(items, { cursor, limit: 1, language: 'en' });
    expect(await rejection(search())).toMatchObject({ code: 'REQUEST_INVALID' });
  }
});

test('a language that is none does not matter', () => {
  expect(searchPlain(items, { sort: 'name', limit: 1, language: '!!' }).items).toHaveLength(1);
});

test.each([
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  ['1767225600', '2026-01-01T00:00:00.000Z'],
  ['1767225600000', '2026-01-01T00:00:00.000Z'],
  ['', undefined],
  ['yesterday', undefined],
])('reads a store’s time %j', (text, instant) => {
  expect(instantOf(text)).toBe(instant);
});
