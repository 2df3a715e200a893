/** Bytes that are not DER, or not the structure that was expected. The caller turns it into its own refusal. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One element: views into the input, nothing is copied. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/**
 * A cursor over DER (X.690 10.1): definite minimal lengths and single-byte tags only. What strangers send is read with
 * this and not with the typed library, which reads BER and replaces invalid UTF-8 in silence.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The next tag, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  /** @throws {DerError} truncated, indefinite or non-minimal length, multi-byte tag */
  next(): DerElement {
    const start = this.#offset;
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw new DerError('multi-byte tag');
    const length = this.#length();
    const from = this.#offset;
    if (length > this.#bytes.length - from) throw new DerError('an element is longer than what holds it');
    this.#offset = from + length;
    return {
      tag,
      content: this.#bytes.subarray(from, this.#offset),
      whole: this.#bytes.subarray(start, this.#offset),
    };
  }

  /** The next element, which must have this tag. */
  expect(tag: number): DerElement {
    const element = this.next();
    if (element.tag !== tag) {
      throw new DerError(`expected tag 0x${tag.toString(16)}, found 0x${element.tag.toString(16)}`);
    }
    return element;
  }

  /** The next element if it has this tag. */
  optional(tag: number): DerElement | undefined {
    return this.peek() === tag ? this.next() : undefined;
  }

  end(): void {
    if (!this.atEnd) throw new DerError('bytes after the end of an element');
  }

  #octet(): number {
    const octet = this.#bytes[this.#offset];
    if (octet === undefined) throw new DerError('truncated');
    this.#offset += 1;
    return octet;
  }

  #length(): number {
    const first = this.#octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError('indefinite or oversized length');
    let length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + this.#octet();
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('length is not minimal');
    return length;
  }
}

/** Reads exactly one element that fills the bytes. */
export function readOnly(bytes: Uint8Array, tag: number): DerElement {
  const reader = new DerReader(bytes);
  const element = reader.expect(tag);
  reader.end();
  return element;
}

const maxOidOctets = 64;

/** OBJECT IDENTIFIER content to dotted text; arcs of any size. */
export function dottedOid(content: Uint8Array): string {
  if (content.length > maxOidOctets) throw new DerError('object identifier is too long');
  const arcs: bigint[] = [];
  let arc = 0n;
  let pending = false;
  for (const octet of content) {
    if (!pending && octet === 0x80) throw new DerError('an arc of an object identifier is not minimal');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    pending = octet >= 0x80;
    if (!pending) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [joint] = arcs;
  if (pending || joint === undefined) throw new DerError('truncated object identifier');
  const first = joint < 40n ? 0n : joint < 80n ? 1n : 2n;
  return [first, joint - first * 40n, ...arcs.slice(1)].join('.');
}

/** INTEGER content must be minimal two's complement (X.690 8.3.2). */
export function assertMinimalInteger(content: Uint8Array): void {
  const [first, second] = content;
  if (first === undefined) throw new DerError('empty integer');
  if (second === undefined) return;
  if ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80)) {
    throw new DerError('integer is not minimal');
  }
}
