import { StoreError } from '../error.js';

const maxCategories = 3;
const category = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * What a package's manifest names as `categories`, sorted: a list of at most three names of lowercase letters, digits and hyphens, the
 * store's own addition to Jami's manifest; none where it names none.
 * @param manifest  verified, and read as a manifest before
 * @throws {StoreError} CATEGORIES_MALFORMED
 */
export function readCategories(manifest: Buffer | undefined): readonly string[] {
  if (manifest === undefined) return [];
  const { categories = [] } = JSON.parse(manifest.toString('utf8')) as { categories?: unknown };
  const isList = Array.isArray(categories) && categories.length <= maxCategories;
  if (!isList || !categories.every((name) => typeof name === 'string' && category.test(name))) {
    throw new StoreError(
      'CATEGORIES_MALFORMED',
      `The manifest's categories are no list of at most ${maxCategories} names such as "video".`,
    );
  }
  return [...new Set(categories as string[])].sort();
}
