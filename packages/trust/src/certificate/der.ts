import { DerError } from './der-error.js';
import { assertUniversalValue } from './der-value.js';

/** One element: its identifier octet, its whole encoding and its contents, both views into the source. */
export interface DerNode {
  /** Identifier octet, e.g. 0x30 for SEQUENCE; -1 for a tag number above 30, which no structure read here has. */
  readonly tag: number;
  readonly der: Uint8Array;
  readonly content: Uint8Array;
}

export interface DerLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of a context-specific tag. */
export const context = (number: number): number => 0x80 | number;
export const contextConstructed = (number: number): number => 0xa0 | number;

interface Header {
  readonly tag: number;
  readonly contentStart: number;
  readonly end: number;
}

const constructedBit = 0x20;

/**
 * Reads the one element that `bytes` must be, and walks all of it: definite minimal lengths, minimal tags,
 * canonical values of every universal type, bounded depth and count, nothing behind it (X.690 8.1, 10, 11).
 * @throws {DerError}
 */
export function readDer(bytes: Uint8Array, limits: DerLimits): DerNode {
  if (bytes.length > limits.maxBytes) throw new DerError(`longer than ${limits.maxBytes} bytes`);
  const root = headerAt(bytes, 0, bytes.length);
  if (root.end !== bytes.length) throw new DerError(`${bytes.length - root.end} bytes behind the end`);
  assertCanonical(bytes, limits);
  return nodeOf(bytes, 0, root);
}

function assertCanonical(bytes: Uint8Array, limits: DerLimits): void {
  const ends: number[] = [bytes.length];
  let offset = 0;
  let elements = 0;
  while (ends.length > 0) {
    const end = ends[ends.length - 1] ?? 0;
    if (offset === end) {
      ends.pop();
      continue;
    }
    elements += 1;
    if (elements > limits.maxElements) throw new DerError(`more than ${limits.maxElements} elements`);
    const header = headerAt(bytes, offset, end);
    if ((header.tag & constructedBit) !== 0 && header.tag !== -1) {
      if (ends.length >= limits.maxDepth) throw new DerError(`nested deeper than ${limits.maxDepth}`);
      assertMayBeConstructed(header.tag, offset);
      ends.push(header.end);
      offset = header.contentStart;
    } else {
      assertUniversalValue(header.tag, bytes.subarray(header.contentStart, header.end), offset);
      offset = header.end;
    }
  }
}

// X.690 10.2: strings are primitive in DER; of the universal types only SEQUENCE and SET are constructed here.
function assertMayBeConstructed(tag: number, offset: number): void {
  if (tag < 0x40 && tag !== tags.sequence && tag !== tags.set)
    throw new DerError(`constructed encoding of tag ${tag & 0x1f} at ${offset}`);
}

function headerAt(bytes: Uint8Array, offset: number, limit: number): Header {
  const identifier = bytes[offset];
  if (identifier === undefined || offset >= limit) throw new DerError(`element missing at ${offset}`);
  let at = offset + 1;
  let tag: number = identifier;
  if ((identifier & 0x1f) === 0x1f) {
    at = endOfHighTag(bytes, at, limit);
    tag = -1;
  }
  const first = bytes[at];
  if (first === undefined || at >= limit) throw new DerError(`length missing at ${at}`);
  at += 1;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw new DerError(`indefinite length at ${offset}`);
    if (count > 4 || at + count > limit) throw new DerError(`length out of bounds at ${offset}`);
    length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[at + index] ?? 0);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError(`length not minimal at ${offset}`);
    at += count;
  }
  if (length > limit - at) throw new DerError(`element at ${offset} runs past its parent`);
  return { tag, contentStart: at, end: at + length };
}

// X.690 8.1.2.4: high tag numbers start at 31 and have no leading zero group.
function endOfHighTag(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  let number = 0;
  for (;;) {
    const octet = bytes[at];
    if (octet === undefined || at >= limit || at - start > 3)
      throw new DerError(`tag out of bounds at ${start}`);
    if (at === start && octet === 0x80) throw new DerError(`tag not minimal at ${start}`);
    number = number * 128 + (octet & 0x7f);
    at += 1;
    if (octet < 0x80) break;
  }
  if (number < 31) throw new DerError(`tag not minimal at ${start}`);
  return at;
}

function nodeOf(bytes: Uint8Array, start: number, header: Header): DerNode {
  return {
    tag: header.tag,
    der: bytes.subarray(start, header.end),
    content: bytes.subarray(header.contentStart, header.end),
  };
}

/** Reads the children of one constructed element in order; whatever is not asked for is an error at `end`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(content: Uint8Array) {
    this.#bytes = content;
  }

  /** A reader over the children of `node`, which must carry `tag`. */
  static of(node: DerNode, tag: number, what: string): DerReader {
    if (node.tag !== tag) throw new DerError(`${what}: tag ${node.tag} instead of ${tag}`);
    return new DerReader(node.content);
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Identifier octet of the next child; undefined at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  any(what: string): DerNode {
    if (this.done) throw new DerError(`${what} is missing`);
    const header = headerAt(this.#bytes, this.#offset, this.#bytes.length);
    const node = nodeOf(this.#bytes, this.#offset, header);
    this.#offset = header.end;
    return node;
  }

  next(tag: number, what: string): DerNode {
    const found = this.nextTag;
    if (found !== tag) throw new DerError(`${what}: tag ${found ?? 'none'} instead of ${tag}`);
    return this.any(what);
  }

  optional(tag: number, what: string): DerNode | undefined {
    return this.nextTag === tag ? this.any(what) : undefined;
  }

  sequence(what: string): DerReader {
    return new DerReader(this.next(tags.sequence, what).content);
  }

  end(what: string): void {
    if (!this.done) throw new DerError(`${what} has an element too many`);
  }

  /** All children, at least `minimum` of them, each carrying `tag`. */
  all(tag: number, what: string, minimum = 1): DerNode[] {
    const nodes: DerNode[] = [];
    while (!this.done) nodes.push(this.next(tag, what));
    if (nodes.length < minimum) throw new DerError(`${what} is empty`);
    return nodes;
  }
}
