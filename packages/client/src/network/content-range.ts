export interface ContentRange {
  first: number;
  last: number;
  total: number;
}

/** The `Content-Range` of a 206 (RFC 9110 14.4) that continues at `offset` in a file of known length, else undefined. */
export function continuingRange(header: string | undefined, offset: number): ContentRange | undefined {
  const parts = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(header ?? '');
  const range = { first: Number(parts?.[1]), last: Number(parts?.[2]), total: Number(parts?.[3]) };
  const holds = parts !== null && range.first === offset && range.last >= offset && range.last < range.total;
  return holds ? range : undefined;
}

/** A strong entity tag, or undefined: only a strong one may join ranges (RFC 9110 8.8.1, 13.1.5). */
export function strongETag(header: string | undefined): string | undefined {
  return header !== undefined && header.length <= 1024 && /^"[\x21\x23-\x7e]*"$/.test(header)
    ? header
    : undefined;
}

/** The announced length of a body, or undefined where it is not announced. */
export function contentLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
