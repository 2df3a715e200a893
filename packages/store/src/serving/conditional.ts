import type { IncomingHttpHeaders } from 'node:http';

/** What the conditional header fields of a request call for (RFC 9110 13.2.2). */
export type Precondition = 'proceed' | 'not-modified' | 'failed';

/**
 * Judges If-Match and If-None-Match against the current strong entity tag. Date conditions never hold anything
 * back: the store sends no Last-Modified, so no date can be a validator of its representations.
 * @param etag  quoted, e.g. `"1f…"`
 */
export function judgePrecondition(headers: IncomingHttpHeaders, etag: string): Precondition {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !listsEntityTag(ifMatch, etag, 'strong')) return 'failed';
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && listsEntityTag(ifNoneMatch, etag, 'weak')) return 'not-modified';
  return 'proceed';
}

/** True when a Range field counts: no If-Range, or one that names exactly this strong tag (RFC 9110 13.1.5). */
export function ifRangeHolds(ifRange: string | undefined, etag: string): boolean {
  return ifRange === undefined || ifRange.trim() === etag;
}

// RFC 9110 8.8.3: etagc = %x21 / %x23-7E / obs-text
const entityTag = /[ \t,]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/y;

function listsEntityTag(field: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (field.trim() === '*') return true;
  entityTag.lastIndex = 0;
  for (let found = entityTag.exec(field); found !== null; found = entityTag.exec(field)) {
    const [, weak, opaque] = found;
    if (opaque === etag && (comparison === 'weak' || weak === undefined)) return true;
  }
  return false;
}
