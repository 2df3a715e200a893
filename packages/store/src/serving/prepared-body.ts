import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { ContentCoding } from './content-coding.js';

/** One coding of an answer, ready to be written. */
export interface PreparedCoding {
  /** In one piece, or in several that follow each other. */
  readonly body: Buffer | readonly Buffer[];
  /** Bytes. */
  readonly length: number;
  /** Strong: each coding has its own (RFC 9110 8.8.3.3). */
  readonly etag: string;
  /** Repr-Digest field (RFC 9530 section 3), of the bytes as coded. */
  readonly reprDigest: string;
}

/** An answer made once and sent many times. */
export interface PreparedBody {
  readonly contentType: string;
  /** Languages of the texts inside, for Content-Language; empty = none. */
  readonly languages: readonly string[];
  readonly codings: ReadonlyMap<ContentCoding, PreparedCoding>;
  /** Bytes held in memory. */
  readonly weight: number;
}

/** An answer, and the time for which it is true while nothing changes. Milliseconds since 1970. */
export interface TimedBody {
  readonly body: PreparedBody;
  readonly since: number;
  readonly until: number;
}

const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);

const coders: ReadonlyMap<ContentCoding, (body: Buffer) => Promise<Buffer>> = new Map([
  [
    'br',
    (body: Buffer) =>
      brotliAsync(body, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 5,
          [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
          [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
        },
      }),
  ],
  ['gzip', (body: Buffer) => gzipAsync(body, { level: 6 })],
]);

/** Below this many bytes coding saves less than a packet. */
const minCodedBytes = 1024;

/**
 * Makes the codings of an answer; a coding that would not be smaller is left out.
 * @param only  for an answer that will hardly be asked for again: the one coding that is wanted now
 */
export async function prepareBody(
  body: Buffer,
  contentType: string,
  languages: readonly string[] = [],
  only?: ContentCoding,
): Promise<PreparedBody> {
  const codings = new Map<ContentCoding, PreparedCoding>([['identity', prepareCoding(body)]]);
  if (body.length >= minCodedBytes) {
    const makers = [...coders].filter(([coding]) => only === undefined || only === coding);
    await Promise.all(
      makers.map(async ([coding, code]) => {
        const coded = await code(body);
        if (coded.length < body.length) codings.set(coding, prepareCoding(coded));
      }),
    );
  }
  let weight = 0;
  for (const { length } of codings.values()) weight += length;
  return { contentType, languages, codings, weight };
}

export const jsonType = 'application/json; charset=utf-8';

/** As {@link prepareBody}, of JSON. */
export function prepareJson(
  value: unknown,
  languages?: readonly string[],
  only?: ContentCoding,
): Promise<PreparedBody> {
  return prepareBody(Buffer.from(JSON.stringify(value)), jsonType, languages, only);
}

function prepareCoding(body: Buffer): PreparedCoding {
  const digest = createHash('sha256').update(body).digest();
  return { body, length: body.length, etag: `"${digest.toString('hex')}"`, reprDigest: reprDigestOf(digest) };
}

/** Repr-Digest field value for a SHA-256 digest (RFC 9530 section 3; RFC 8941 byte sequence). */
export function reprDigestOf(sha256: Uint8Array): string {
  return `sha-256=:${Buffer.from(sha256).toString('base64')}:`;
}
