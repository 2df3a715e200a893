import { isUtf8 } from 'node:buffer';
import { Encoder } from '@msgpack/msgpack';
import type { Archive } from '../archive/archive.js';
import { quote } from '../archive/header-fields.js';
import { JplError } from '../error.js';
import { signedEntries } from './signed-entries.js';

// 10,000 names of 1,024 bytes with RSA-8192 signatures and their lengths.
/** More than the largest lawful map; a reader refuses a larger `signatures` before reading it. */
export const maxSignatureMapBytes = 10_000 * (1024 + 1024 + 8) + 5;

/**
 * Decodes `signatures`: a MessagePack map of str -> bin, nothing else, no key twice, no byte left over.
 * The values are views of `bytes`.
 * @throws {JplError} SIGNATURE_MAP_MALFORMED | SIGNATURE_MAP_DUPLICATE_KEY
 */
export function decodeSignatureMap(bytes: Uint8Array): ReadonlyMap<string, Buffer> {
  const reader = new MapReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const count = reader.readMapHeader();
  const map = new Map<string, Buffer>();
  for (let index = 0; index < count; index += 1) {
    const keyOffset = reader.position;
    const key = reader.readString();
    if (map.has(key)) {
      throw new JplError('SIGNATURE_MAP_DUPLICATE_KEY', `${quote(key)} is signed twice.`, {
        entry: key,
        offset: keyOffset,
      });
    }
    map.set(key, reader.readBinary());
  }
  reader.assertEnd();
  return map;
}

/** Encodes a signature map in the order of its entries; the same map always gives the same bytes. */
export function encodeSignatureMap(map: ReadonlyMap<string, Uint8Array>): Buffer {
  const encoder = new Encoder();
  const parts: Uint8Array[] = [mapHeader(map.size)];
  for (const [name, signature] of map)
    parts.push(encoder.encode(name), encoder.encode(new Uint8Array(signature)));
  return Buffer.concat(parts);
}

/**
 * Proves that the map names exactly the entries that must be signed.
 * @throws {JplError} ENTRY_NOT_SIGNED | SIGNATURE_WITHOUT_ENTRY | CERTIFICATE_MISSING | CERTIFICATE_NOT_UNIQUE
 */
export function assertSignatureMapCovers(
  map: ReadonlyMap<string, Uint8Array>,
  archive: Pick<Archive, 'entries'>,
): void {
  const mustBeSigned = signedEntries(archive);
  for (const { name, offset } of mustBeSigned) {
    if (map.has(name)) continue;
    throw new JplError('ENTRY_NOT_SIGNED', `${quote(name)} is not signed.`, { entry: name, offset });
  }
  if (map.size === mustBeSigned.length) return;
  const present = new Set(mustBeSigned.map(({ name }) => name));
  for (const name of map.keys()) {
    if (present.has(name)) continue;
    throw new JplError('SIGNATURE_WITHOUT_ENTRY', `${quote(name)} is signed, but not in the package.`, {
      entry: name,
    });
  }
}

function mapHeader(size: number): Buffer {
  if (size < 16) return Buffer.from([0x80 | size]);
  const wide = size > 0xffff;
  const header = Buffer.alloc(wide ? 5 : 3);
  header[0] = wide ? 0xdf : 0xde;
  if (wide) header.writeUInt32BE(size, 1);
  else header.writeUInt16BE(size, 1);
  return header;
}

/** The few forms of the MessagePack specification that a signature map may use. */
class MapReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
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
    else throw this.#malformed('has a key that is not a string');
    const text = this.#take(length);
    if (!isUtf8(text)) throw this.#malformed('has a key that is not UTF-8');
    return text.toString('utf8');
  }

  readBinary(): Buffer {
    const form = this.#byte();
    if (form === 0xc4) return this.#take(this.#length(1));
    if (form === 0xc5) return this.#take(this.#length(2));
    if (form === 0xc6) return this.#take(this.#length(4));
    throw this.#malformed('has a signature that is not binary');
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

  #malformed(what: string): JplError {
    return new JplError('SIGNATURE_MAP_MALFORMED', `The signature map ${what}.`, { offset: this.position });
  }
}
