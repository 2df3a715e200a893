import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { DatabaseKind, StoreQueries } from '../database/database.js';
import { placeIn } from './search-match.js';

/** The words of one listed plugin, as `wordsOf` makes them. */
export interface SearchDocument {
  /** Of its id and its names in all languages. */
  readonly title: readonly string[];
  readonly publisher: readonly string[];
  /** Of its descriptions in all languages. */
  readonly description: readonly string[];
  /** What it is to be narrowed down by: `filterWord`s. */
  readonly filters: readonly string[];
}

/** A word no text can contain, for narrowing down by platform, category or organization inside the index. */
export function filterWord(kind: 'platform' | 'category' | 'organization', value: string): string {
  return `filter${createHash('sha256').update(`${kind} ${value}`).digest('hex').slice(0, 24)}`;
}

/** Puts a plugin's words at its place among the listed, instead of those that are there. */
export async function writeDocument(
  queries: StoreQueries,
  kind: DatabaseKind,
  listed: number,
  document: SearchDocument,
): Promise<void> {
  await removeDocument(queries, kind, listed);
  const text = (words: readonly string[]): string => [...new Set(words)].join(' ');
  const [title, publisher, description, filters] = [
    text(document.title),
    text(document.publisher),
    text(document.description),
    text(document.filters),
  ];
  if (kind === 'sqlite') {
    await sql`insert into plugin_search (rowid, title, publisher, description, filters)
      values (${listed}, ${title}, ${publisher}, ${description}, ${filters})`.execute(queries);
    return;
  }
  const titleWords = sql`setweight(to_tsvector('simple', ${title}), 'A')`;
  await sql`insert into plugin_search (listed, title, words, filters) values (${listed}, ${titleWords},
    ${titleWords} || setweight(to_tsvector('simple', ${publisher}), 'B') || setweight(to_tsvector('simple', ${description}), 'D'),
    setweight(to_tsvector('simple', ${filters}), 'C'))`.execute(queries);
}

export async function removeDocument(
  queries: StoreQueries,
  kind: DatabaseKind,
  listed: number,
): Promise<void> {
  await sql`delete from plugin_search where ${placeIn(kind)} = ${listed}`.execute(queries);
}
