import { encode } from '@msgpack/msgpack';
import { JplError } from '../error.js';
import { encodeMapHeader, MapReader } from '../package/message-pack.js';

/**
 * Reads `preferences.msgpack`: a MessagePack map str -> str, as Jami writes it.
 * @throws {JplError} PREFERENCES_MALFORMED | PREFERENCES_DUPLICATE_KEY
 */
export function decodePreferenceValues(bytes: Uint8Array): Map<string, string> {
  const reader = new MapReader(bytes, (what, offset) => {
    return new JplError('PREFERENCES_MALFORMED', `The preference values: the map ${what}.`, { offset });
  });
  const values = new Map<string, string>();
  const count = reader.readMapHeader();
  for (let index = 0; index < count; index += 1) {
    const offset = reader.position;
    const key = reader.readString();
    if (values.has(key)) {
      throw new JplError(
        'PREFERENCES_DUPLICATE_KEY',
        `The preference ${JSON.stringify(key)} has two values.`,
        {
          offset,
        },
      );
    }
    values.set(key, reader.readString());
  }
  reader.assertEnd();
  return values;
}

/** Writes what `decodePreferenceValues` and Jami read, sorted by key as Jami's own map is. */
export function encodePreferenceValues(values: ReadonlyMap<string, string>): Buffer {
  const sorted = [...values].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts: Uint8Array[] = [encodeMapHeader(sorted.length)];
  for (const [key, value] of sorted) parts.push(encode(key), encode(value));
  return Buffer.concat(parts);
}
