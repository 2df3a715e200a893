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
  return kind === 'sqlite' ? matchesFts5(match, butNot) : matchesTsquery(match, butNot);
}

// Words hold letters and digits alone, so quotes are enough around them.

function matchesFts5(match: SearchMatch, butNot: readonly SearchMatch[]): RawBuilder<boolean> {
  const textOf = ({ words, within, isWhole, filters }: SearchMatch): string => {
    const columns = within === 'title' ? '{title}' : '{title publisher description}';
    const parts = [
      ...words.map((word) => `${columns} : "${word}"${isWhole ? '' : ' *'}`),
      ...filters.map(
        (alternatives) => `{filters} : (${alternatives.map((word) => `"${word}"`).join(' OR ')})`,
      ),
    ];
    return `(${parts.join(' AND ')})`;
  };
  return sql<boolean>`plugin_search match ${[match, ...butNot.map(withoutFilters)].map(textOf).join(' NOT ')}`;
}

function matchesTsquery(match: SearchMatch, butNot: readonly SearchMatch[]): RawBuilder<boolean> {
  const within = (column: 'title' | 'words' | 'filters', parts: readonly string[]): RawBuilder<boolean> =>
    sql<boolean>`plugin_search.${sql.raw(column)} @@ to_tsquery('simple', ${parts.join(' & ')})`;
  const wordsOf = ({ words, within: part, isWhole }: SearchMatch): RawBuilder<boolean>[] =>
    words.length === 0
      ? []
      : [
          within(
            part === 'title' ? 'title' : 'words',
            words.map((word) => `'${word}'${isWhole ? '' : ':*'}`),
          ),
        ];
  const filters = match.filters.map(
    (alternatives) => `(${alternatives.map((word) => `'${word}'`).join(' | ')})`,
  );
  return sql.join(
    [
      ...wordsOf(match),
      ...(filters.length === 0 ? [] : [within('filters', filters)]),
      ...butNot.flatMap((other) => wordsOf(other).map((condition) => sql<boolean>`not ${condition}`)),
    ],
    sql` and `,
  ) as RawBuilder<boolean>;
}

const withoutFilters = (match: SearchMatch): SearchMatch => ({ ...match, filters: [] });
