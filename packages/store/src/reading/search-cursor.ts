import { createHash } from 'node:crypto';
import type { CatalogQuery, CatalogSort } from '@jami-plugin-store/contract';
import { parameterMalformed } from './reading-route.js';

/** Where a page of a search ends, in the order asked for. */
export type Position =
  | { readonly sort: 'newest'; readonly listed: number }
  | { readonly sort: 'relevance'; readonly tier: number; readonly listed: number }
  | { readonly sort: 'name'; readonly nameKey: string; readonly number: number }
  | { readonly sort: 'downloads'; readonly downloads: number; readonly number: number };

/** Of what a cursor is good for: another question has other pages. */
function questionMark({ q, platform, category, organization }: CatalogQuery): string {
  const question = JSON.stringify([q ?? '', platform ?? '', category ?? '', organization ?? '']);
  return createHash('sha256').update(question).digest('base64url').slice(0, 8);
}

export function cursorOf(query: CatalogQuery, position: Position): string {
  return Buffer.from(JSON.stringify([questionMark(query), ...Object.values(position)])).toString('base64url');
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** @throws {StoreError} PARAMETER_MALFORMED where it was not given by a page of this very search */
export function positionOf(query: CatalogQuery, sort: CatalogSort): Position | undefined {
  if (query.cursor === undefined) return undefined;
  const [mark, ordered, first, second] = membersOf(query.cursor);
  if (mark === questionMark(query) && ordered === sort) {
    if (sort === 'newest' && whole(first)) return { sort, listed: first };
    if (sort === 'relevance' && whole(first) && whole(second)) return { sort, tier: first, listed: second };
    if (sort === 'name' && typeof first === 'string' && whole(second))
      return { sort, nameKey: first, number: second };
    if (sort === 'downloads' && whole(first) && whole(second))
      return { sort, downloads: first, number: second };
  }
  throw parameterMalformed('cursor', 'is what a page of the same search gave as "next"');
}

function membersOf(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
