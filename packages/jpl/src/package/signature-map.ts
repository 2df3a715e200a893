import { Encoder } from '@msgpack/msgpack';
import type { Archive } from '../archive/archive.js';
import { quote } from '../archive/header-fields.js';
import { defaultArchiveLimits } from '../archive/limits.js';
import { JplError } from '../error.js';
import { encodeMapHeader, MapReader } from './message-pack.js';
import { signedEntries } from './signed-entries.js';

const maxSignatures = defaultArchiveLimits.maxEntries;

// Names of 1,024 bytes with RSA-8192 signatures and their lengths.
/** More than the largest lawful map; a reader refuses a larger `signatures` before reading it. */
export const maxSignatureMapBytes = maxSignatures * (1024 + 1024 + 8) + 5;

/**
 * Decodes `signatures`: a MessagePack map of str -> bin, nothing else, no key twice, no byte left over.
 * The values are views of `bytes`.
 * @throws {JplError} SIGNATURE_MAP_MALFORMED | SIGNATURE_MAP_DUPLICATE_KEY
 */
export function decodeSignatureMap(bytes: Uint8Array): ReadonlyMap<string, Buffer> {
  const reader = new MapReader(bytes, malformed);
  const count = reader.readMapHeader();
  // Pairs of a few bytes would otherwise fill memory long before the bytes end.
  if (count > maxSignatures) throw malformed(`names more than ${maxSignatures} entries`, 0);
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
  const parts: Uint8Array[] = [encodeMapHeader(map.size)];
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

function malformed(what: string, offset: number): JplError {
  return new JplError('SIGNATURE_MAP_MALFORMED', `The signature map ${what}.`, { offset });
}
