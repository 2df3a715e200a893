/** Inclusive offsets, as in Content-Range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

// RFC 9110 14.1.2; a list may hold empty elements (5.6.1.2). One range only: see below.
const singleRange = /^bytes[ \t]*=[ \t,]*(\d*)-(\d*)[ \t,]*$/i;

/**
 * Reads a Range field against a representation of `size` bytes (RFC 9110 14.2). Several ranges at once, other
 * units and malformed fields are answered with the whole representation, which the RFC allows for each.
 * @returns undefined = the whole; `unsatisfiable` = 416
 */
export function parseRange(field: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const found = field === undefined ? null : singleRange.exec(field);
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  if (first === '') return last === '' ? undefined : suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { first: start, last: Math.min(end, size - 1) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { first: Math.max(0, size - length), last: size - 1 };
}
