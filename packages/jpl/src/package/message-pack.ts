import { isUtf8 } from 'node:buffer';

/** The header of a map of `size` pairs, in its shortest form. */
export function encodeMapHeader(size: number): Buffer {
  if (size < 16) return Buffer.from([0x80 | size]);
  const wide = size > 0xffff;
  const header = Buffer.alloc(wide ? 5 : 3);
  header[0] = wide ? 0xdf : 0xde;
  if (wide) header.writeUInt32BE(size, 1);
  else header.writeUInt16BE(size, 1);
  return header;
}

/**
 * Reads the few forms of the MessagePack specification that the maps of this format use: str, bin, one map of them.
 * Ready-made decoders accept duplicate keys, trailing bytes and other types.
 */
export class MapReader {
  readonly #bytes: Buffer;
  readonly #error: (what: string, offset: number) => Error;
  position = 0;

  /** @param error  makes the error of what is wrong, e.g. "is cut off", at an offset */
  constructor(bytes: Uint8Array, error: (what: string, offset: number) => Error) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#error = error;
  }

  readMapHeader(): number {
    const form = this.#byte();
    if (form >> 4 === 0x8) return form & 0x0f;
    if (form === 0xde) return this.#length(2);
    if (form === 0xdf) return this.#length(4);
    throw this.#malformed('does not begin with a map');
  }

  readString(): string {
    const form = this.#byte();
    let length: number;
    if (form >> 5 === 0b101) length = form & 0x1f;
    else if (form === 0xd9) length = this.#length(1);
    else if (form === 0xda) length = this.#length(2);
    else if (form === 0xdb) length = this.#length(4);
    else throw this.#malformed('has a text that is not a string');
    const text = this.#take(length);
    if (!isUtf8(text)) throw this.#malformed('has a text that is not UTF-8');
    return text.toString('utf8');
  }

  readBinary(): Buffer {
    const form = this.#byte();
    if (form === 0xc4) return this.#take(this.#length(1));
    if (form === 0xc5) return this.#take(this.#length(2));
    if (form === 0xc6) return this.#take(this.#length(4));
    throw this.#malformed('has a value that is not binary');
  }

  assertEnd(): void {
    if (this.position !== this.#bytes.length) throw this.#malformed('goes on after its end');
  }

  #byte(): number {
    return this.#length(1);
  }

  #length(bytes: 1 | 2 | 4): number {
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  #take(length: number): Buffer {
    if (this.position + length > this.#bytes.length) throw this.#malformed('is cut off');
    const taken = this.#bytes.subarray(this.position, this.position + length);
    this.position += length;
    return taken;
  }

  #malformed(what: string): Error {
    return this.#error(what, this.position);
  }
}
