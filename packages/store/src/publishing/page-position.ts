import { StoreError } from '../error.js';

/** Where a page of a list ends: newest first by time, then by id. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

/** @throws {StoreError} REQUEST_MALFORMED when the text is none that {@link pageOf} gave */
export function positionOf(after: string | undefined): Position | undefined {
  if (after === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})-([0-9a-f]{1,64})$/.exec(after) ?? [];
  if (at !== undefined && id !== undefined) return { at: Number(at), id };
  throw new StoreError('REQUEST_MALFORMED', '"after" is what the page before gave as "next".');
}

/** The rows of a page out of one more than it holds, and where the next one goes on. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  position: (row: Row) => Position,
): { readonly shown: Row[]; readonly next: string | undefined } {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  if (last === undefined) return { shown, next: undefined };
  const { at, id } = position(last);
  return { shown, next: `${at}-${id}` };
}
