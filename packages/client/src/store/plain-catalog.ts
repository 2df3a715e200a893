import { Buffer } from 'node:buffer';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';
import type { CatalogItem } from './catalog-item.js';

export interface PlainQuery {
  q?: string | undefined;
  sort?: 'relevance' | 'newest' | 'name' | 'downloads' | undefined;
  cursor?: string | undefined;
  limit: number;
  /** Of the names that are sorted. */
  language: string | undefined;
}

/** Where a page ended: the place of its last plugin in the order, so that a list that changed meanwhile is gone on with rightly. */
const Cursor = Type.Tuple([Type.Union([Type.String(), Type.Number()]), Type.String()]);
type Place = [key: string | number, id: string];

/**
 * Search, order and pages of a plain Jami store, made here out of its whole list.
 * @throws {ClientError} REQUEST_INVALID: the cursor is none of these
 */
export function searchPlain(
  items: readonly CatalogItem[],
  query: PlainQuery,
): { items: CatalogItem[]; next?: string } {
  const words = wordsOf(query.q ?? '');
  const found = items.flatMap((item) => {
    const score = scoreOf(item, words);
    return score === undefined ? [] : [{ item, score }];
  });
  const order = orderOf(query, words.length > 0);
  const placed = found
    .map(({ item, score }) => ({ item, place: [order.key(item, score), item.id] as Place }))
    .sort((a, b) => order.compare(a.place, b.place));
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const rest = after === undefined ? placed : placed.filter(({ place }) => order.compare(place, after) > 0);
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    ...(rest.length > page.length && last !== undefined ? { next: writeCursor(last.place) } : {}),
  };
}

interface Order {
  key(item: CatalogItem, score: number): string | number;
  compare(a: Place, b: Place): number;
}

/** A plain store counts no downloads: what is asked for by them comes newest first. */
function orderOf({ sort, language }: PlainQuery, hasText: boolean): Order {
  if (sort === 'name') {
    const collator = collatorOf(language);
    const compare = (a: Place, b: Place) => collator.compare(String(a[0]), String(b[0])) || byId(a, b);
    return { key: (item) => item.name, compare };
  }
  if (sort === 'relevance' && hasText) {
    return { key: (_, score) => score, compare: (a, b) => Number(b[0]) - Number(a[0]) || byId(a, b) };
  }
  const key = (item: CatalogItem): string => item.publishedAt ?? '';
  const compare = (a: Place, b: Place): number => {
    if (a[0] !== b[0]) return a[0] > b[0] ? -1 : 1;
    return byId(a, b);
  };
  return { key, compare };
}

function byId(a: Place, b: Place): number {
  if (a[1] === b[1]) return 0;
  return a[1] < b[1] ? -1 : 1;
}

function collatorOf(language: string | undefined): Intl.Collator {
  const tag = (language ?? 'en').split(/[,;]/)[0]?.trim() ?? 'en';
  try {
    return new Intl.Collator(tag, { sensitivity: 'base' });
  } catch (error) {
    if (error instanceof RangeError) return new Intl.Collator('en', { sensitivity: 'base' });
    throw error;
  }
}

/** Letters and digits without accents and case, word by word. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Every word must begin a word of the id, name, description or publisher; undefined where one does not. */
function scoreOf(item: CatalogItem, words: readonly string[]): number | undefined {
  if (words.length === 0) return 0;
  const fields = [
    { words: wordsOf(item.name), weight: 8 },
    { words: wordsOf(item.id), weight: 6 },
    { words: wordsOf(item.publisher?.name ?? ''), weight: 3 },
    { words: wordsOf(item.description), weight: 1 },
  ];
  let score = 0;
  for (const word of words) {
    const hits = fields.filter((field) => field.words.some((own) => own.startsWith(word)));
    if (hits.length === 0) return undefined;
    const isWhole = fields.some((field) => field.words.includes(word));
    score += Math.max(...hits.map(({ weight }) => weight)) + (isWhole ? 1 : 0);
  }
  return score;
}

function writeCursor(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function readCursor(cursor: string): Place {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Check(Cursor, value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ClientError('REQUEST_INVALID', 'This is not where a page of the list ended');
}
