import { describe, expect, test } from 'vitest';
import { readCategories } from './read-categories.js';

const manifest = (categories: unknown): Buffer =>
  Buffer.from(JSON.stringify({ name: 'Foo', version: '1', categories }));

describe('categories of a manifest', () => {
  test('are its own, once each and sorted', () => {
    expect(readCategories(manifest(['video', 'chat', 'video']))).toEqual(['chat', 'video']);
    expect(readCategories(manifest([]))).toEqual([]);
  });

  test('are none where it names none', () => {
    expect(readCategories(manifest(undefined))).toEqual([]);
    expect(readCategories(undefined)).toEqual([]);
  });

  test.each([
    ['no list', 'video'],
    ['null', null],
    ['four', ['a', 'b', 'c', 'd']],
    ['a number', [1]],
    ['capitals', ['Video']],
    ['a space', ['a b']],
    ['too long a name', ['a'.repeat(33)]],
    ['an empty name', ['']],
  ])('that are %s are refused', (_, categories) => {
    expect(() => readCategories(manifest(categories))).toThrow(
      expect.objectContaining({ code: 'CATEGORIES_MALFORMED' }),
    );
  });
});
