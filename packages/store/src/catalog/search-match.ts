import { type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from '../database/database.js';

/** What the words of a listed plugin are held against. */
export interface SearchMatch {
  /** From `wordsOf`: all of them have to be there. */
  readonly words: readonly string[];
  /** Where they have to be: in the id and the names alone, or also in publisher and descriptions. */
  readonly within: 'title' | 'anywhere';
  /** True: each word as it is; false: its beginning is enough. */
  readonly isWhole: boolean;
  /** From `filterWord`: of each list one has to be there. */
  readonly filters: readonly (readonly string[])[];
}

/** The column of `plugin_search` that holds a plugin's place among the listed. */
export function placeIn(kind: DatabaseKind): RawBuilder<number> {
  return kind === 'sqlite' ? sql<number>`plugin_search.rowid` : sql<number>`plugin_search.listed`;
}

/** True for the rows of `plugin_search` that match, but not for those that match one of the others. Something must be asked for. */
export function matches(
  kind: DatabaseKind,
  match: SearchMatch,
  butNot: readonly SearchMatch[] = [],
): RawBuilder<boolean> {
  const { write, all, none } = kind === 'sqlite' ? fts5 : tsquery;
  const text = none(
    all(write(match)),
    butNot.map((other) => all(write({ ...other, filters: [] }))),
  );
  if (kind === 'sqlite') return sql<boolean>`plugin_search match ${text}`;
  return sql<boolean>`plugin_search.words @@ to_tsquery('simple', ${text})`;
}

/** How one kind of index writes a question. Words hold letters and digits alone, so quotes are enough around them. */
interface QueryLanguage {
  write(match: SearchMatch): string[];
  all(parts: readonly string[]): string;
  none(wanted: string, unwanted: readonly string[]): string;
}

const fts5: QueryLanguage = {
  write: ({ words, within, isWhole, filters }) => [
    ...words.map(
      (word) =>
        `{${within === 'title' ? 'title' : 'title publisher description'}} : "${word}"${isWhole ? '' : ' *'}`,
    ),
    ...filters.map((alternatives) => `{filters} : (${alternatives.map((word) => `"${word}"`).join(' OR ')})`),
  ],
  all: (parts) => `(${parts.join(' AND ')})`,
  none: (wanted, unwanted) => [wanted, ...unwanted].join(' NOT '),
};

/** Weights as `writeDocument` gives them: A title, B publisher, C filters, D description. */
const tsquery: QueryLanguage = {
  write: ({ words, within, isWhole, filters }) => [
    ...words.map((word) => `'${word}':${isWhole ? '' : '*'}${within === 'title' ? 'A' : 'ABD'}`),
    ...filters.map((alternatives) => `(${alternatives.map((word) => `'${word}':C`).join(' | ')})`),
  ],
  all: (parts) => `(${parts.join(' & ')})`,
  none: (wanted, unwanted) => [wanted, ...unwanted].join(' & !'),
};
