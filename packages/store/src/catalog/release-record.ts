import { isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { StoreError } from '../error.js';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });

/** An image taken out of a package, kept under its own digest in `<dataDir>/images`. */
const ImageRecord = Type.Object({
  /** Entry of the package it was read from, e.g. `data/icon.png`. */
  entry: Type.String({ minLength: 1, maxLength: 1024 }),
  sha256: Sha256,
  size: Type.Integer({ minimum: 1 }),
  mediaType: Type.String({ pattern: '^image/(png|jpeg|gif|webp|svg\\+xml)$' }),
});
export type ImageRecord = Static<typeof ImageRecord>;

/**
 * What the store knows about one published package, as kept in `<dataDir>/catalog/<sha256>.json`. Everything in
 * it was read from bytes that passed the judge; while the file's name, size and time of change stay as recorded,
 * the record is authoritative and the package is not judged again.
 */
const ReleaseRecord = Type.Object({
  format: Type.Literal(1),
  id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$' }),
  version: Type.String({ minLength: 1, maxLength: 256 }),
  /** Name shown to users; `organization` and `pluginKey` are the identity (docs/trust.md). */
  publisher: Type.Object({
    name: Type.String(),
    organization: Type.Optional(Sha256),
    pluginKey: Sha256,
  }),
  /** Fingerprint of the trust anchor it was judged under. */
  anchor: Sha256,
  /** How strictly revocation was asked when it was judged. */
  revocation: Type.Union([Type.Literal('required'), Type.Literal('when-named'), Type.Literal('off')]),
  /** Platforms it has libraries for, sorted; `any` = it has no library at all, so it depends on none. */
  platforms: Type.Union([
    Type.Literal('any'),
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }), { maxItems: 10_000 }),
  ]),
  sha256: Sha256,
  size: Type.Integer({ minimum: 1 }),
  /** Plain file name in `<dataDir>/packages`. */
  file: Type.String({ pattern: '^[^/\\\\\\u0000-\\u001f]{1,251}\\.jpl$' }),
  mtimeMs: Type.Number(),
  /** Time of publication. */
  timestamp: Instant,
  /** Earliest notAfter of its path. */
  expiresAt: Instant,
  /** Language -> texts with placeholders translated; always has the fallback language. */
  texts: Type.Record(
    Type.String({ pattern: '^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$' }),
    Type.Object({ name: Type.String(), description: Type.String() }),
    { additionalProperties: false, minProperties: 1 },
  ),
  icon: Type.Union([ImageRecord, Type.Null()]),
  background: Type.Union([ImageRecord, Type.Null()]),
});
export type ReleaseRecord = Static<typeof ReleaseRecord>;

const schema = Compile(ReleaseRecord);

/**
 * Reads an index record's bytes.
 * @param sha256 the digest its file is named for; the record must be about that package
 * @throws {StoreError} RECORD_MALFORMED
 */
export function parseReleaseRecord(bytes: Uint8Array, sha256: string): ReleaseRecord {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(sha256, 'it is not JSON', cause);
  }
  if (!schema.Check(value)) {
    const [first] = schema.Errors(value);
    throw malformed(sha256, first === undefined ? 'wrong shape' : `${first.instancePath} ${first.message}`);
  }
  if (!isPluginId(value.id) || !isVersion(value.version)) throw malformed(sha256, 'id or version is none');
  if (Number.isNaN(Date.parse(value.timestamp) + Date.parse(value.expiresAt))) {
    throw malformed(sha256, 'a time is none');
  }
  if (value.sha256 !== sha256) throw malformed(sha256, 'it is about another package');
  return value;
}

function malformed(sha256: string, what: string, cause?: unknown): StoreError {
  return new StoreError('RECORD_MALFORMED', `Index record ${sha256}.json cannot be used: ${what}.`, {
    file: `${sha256}.json`,
    cause,
  });
}
