import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { ContentCoding } from './content-coding.js';
import {
  jsonType,
  type PreparedBody,
  type PreparedCoding,
  prepareBody,
  reprDigestOf,
} from './prepared-body.js';

/** One plugin of a listing. */
export interface ListedPlugin {
  readonly plugin: number;
  readonly package: number;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  readonly expiresAt: number;
  /** Of the texts it is shown in. */
  readonly language: string;
  readonly json: Buffer;
}

type Entry = Omit<ListedPlugin, 'json'> & { readonly length: number };

/** Some plugins of a listing, one after the other: what changes in a listing changes one of its segments. */
interface Segment {
  readonly entries: readonly Entry[];
  /** Their JSON, with commas between. */
  readonly body: Buffer;
  deflated?: Promise<Buffer> | undefined;
}

const perSegment = 512;
const comma = Buffer.from(',');

/** A listing as long as this is sent in pieces; below, it is worth the best coding. */
const maxWholeBytes = 256 * 1024;
const deflateAsync = promisify(deflateRaw);

/** The JSON array of a listing, put together from segments, so that one plugin of 100,000 can change without the rest. */
export class ListingSegments {
  readonly #segments: readonly Segment[];

  private constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** @param listed  in any order; they come in that of their publication, as Jami's client wants them */
  static of(listed: readonly ListedPlugin[]): ListingSegments {
    return new ListingSegments(segmentsOf([...listed].sort(earlierFirst)));
  }

  /** The first instant at which something in it has expired. */
  get until(): number {
    return Math.min(...this.#segments.map(({ entries }) => earliestOf(entries)));
  }

  get size(): number {
    return this.#segments.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** Bytes of it in memory, about. */
  get #weight(): number {
    // JSON deflates to a fifth, or less; each entry is an object.
    return this.#segments.reduce(
      (sum, { body, entries }) => sum + body.length * 1.25 + entries.length * 100,
      0,
    );
  }

  /** The same listing with other entries for some plugins, and without what has expired. */
  with(changed: ReadonlySet<number>, listed: readonly ListedPlugin[], at: number): ListingSegments {
    const waiting = [...listed].sort(earlierFirst);
    const segments: Segment[] = [];
    for (const [index, segment] of this.#segments.entries()) {
      const next = this.#segments[index + 1]?.entries[0];
      const added: ListedPlugin[] = [];
      while (waiting[0] !== undefined && (next === undefined || earlierFirst(waiting[0], next) < 0))
        added.push(...waiting.splice(0, 1));
      const isLeft = ({ plugin, expiresAt }: Omit<Entry, 'length'>): boolean =>
        !changed.has(plugin) && expiresAt > at;
      if (added.length === 0 && segment.entries.every(isLeft)) segments.push(segment);
      else segments.push(...segmentsOf([...listedIn(segment).filter(isLeft), ...added].sort(earlierFirst)));
    }
    return new ListingSegments([...segments, ...segmentsOf(waiting)]);
  }

  /** The answer; its weight is that of the segments as well, which a long one shares its bytes with. */
  async prepare(): Promise<PreparedBody> {
    const languages = new Set(
      this.#segments.flatMap(({ entries }) => entries.map(({ language }) => language)),
    );
    const shown = [...languages].sort();
    const chunks = this.#chunks();
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (length <= maxWholeBytes) {
      const whole = await prepareBody(Buffer.concat(chunks), jsonType, shown);
      return { ...whole, weight: whole.weight + this.#weight };
    }
    const codings = new Map<ContentCoding, PreparedCoding>([
      ['identity', codingOf(chunks)],
      ['gzip', codingOf(await this.#gzip(chunks))],
    ]);
    return { contentType: jsonType, languages: shown, codings, weight: this.#weight };
  }

  #chunks(): Buffer[] {
    const bodies = this.#segments.flatMap(({ body }, index) => (index === 0 ? [body] : [comma, body]));
    return [Buffer.from('['), ...bodies, Buffer.from(']')];
  }

  /** One member (RFC 1952) of deflate blocks that were made segment by segment: none of them looks back beyond its own beginning. */
  async #gzip(chunks: readonly Buffer[]): Promise<Buffer[]> {
    const blocks: Buffer[] = [];
    for (const [index, segment] of this.#segments.entries()) {
      segment.deflated ??= deflated(segment.body);
      blocks.push(await deflated(Buffer.from(index === 0 ? '[' : ',')), await segment.deflated);
    }
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(chunks.reduce((crc, chunk) => crc32(chunk, crc), 0));
    trailer.writeUInt32LE(chunks.reduce((sum, chunk) => sum + chunk.length, 0) % 2 ** 32, 4);
    return [gzipHeader, ...blocks, await deflateAsync(']'), trailer];
  }
}

/** No name, no time, unknown system. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Ends on a byte, and is not the last of its stream. */
function deflated(bytes: Buffer): Promise<Buffer> {
  return deflateAsync(bytes, { level: 6, finishFlush: constants.Z_SYNC_FLUSH });
}

function codingOf(chunks: readonly Buffer[]): PreparedCoding {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  const digest = hash.digest();
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return { body: chunks, length, etag: `"${digest.toString('hex')}"`, reprDigest: reprDigestOf(digest) };
}

function segmentsOf(ordered: readonly ListedPlugin[]): Segment[] {
  const segments: Segment[] = [];
  for (let next = 0; next < ordered.length; next += perSegment) {
    const some = ordered.slice(next, next + perSegment);
    const body = Buffer.concat(
      some.flatMap(({ json: text }, index) => (index === 0 ? [text] : [comma, text])),
    );
    segments.push({
      entries: some.map(({ json: text, ...entry }) => ({ ...entry, length: text.length })),
      body,
    });
  }
  return segments;
}

function listedIn({ entries, body }: Segment): ListedPlugin[] {
  let end = -1;
  return entries.map(({ length, ...entry }) => {
    const begin = end + 1;
    end = begin + length;
    return { ...entry, length, json: body.subarray(begin, end) };
  });
}

function earliestOf(entries: readonly Entry[]): number {
  return entries.reduce((earliest, { expiresAt }) => Math.min(earliest, expiresAt), Number.POSITIVE_INFINITY);
}

function earlierFirst(
  a: Pick<ListedPlugin, 'publishedAt' | 'package'>,
  b: Pick<ListedPlugin, 'publishedAt' | 'package'>,
): number {
  return a.publishedAt - b.publishedAt || a.package - b.package;
}
