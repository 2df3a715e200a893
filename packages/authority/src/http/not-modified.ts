import type { IncomingHttpHeaders } from 'node:http';

/** RFC 9110 13.1.2, weak comparison: the client has it already. */
export function isNotModified({ 'if-none-match': wanted }: IncomingHttpHeaders, etag: string): boolean {
  if (wanted === undefined) return false;
  return wanted.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
