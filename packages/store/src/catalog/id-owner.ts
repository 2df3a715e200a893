import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { StoreError } from '../error.js';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** Who may publish under an id: the first who did. */
const IdOwner = Type.Object({
  format: Type.Literal(1),
  id: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$' }),
  publisher: Type.Object({
    name: Type.String(),
    organization: Type.Optional(Sha256),
    pluginKey: Sha256,
  }),
  since: Type.String({ minLength: 1 }),
});
export type IdOwner = Static<typeof IdOwner>;

const schema = Compile(IdOwner);

/** Name of the record about an id, whatever the id's case. */
export function ownerRecordName(id: string): string {
  return createHash('sha256').update(id.toLowerCase()).digest('hex');
}

/**
 * @param name  what its file is named; an id has one record only, so this must be the id's
 * @throws {StoreError} RECORD_MALFORMED
 */
export function parseIdOwner(bytes: Uint8Array, name: string): IdOwner {
  const malformed = (cause?: unknown): StoreError =>
    new StoreError('RECORD_MALFORMED', `Owner record ${name}.json cannot be used.`, {
      file: `${name}.json`,
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(cause);
  }
  if (!schema.Check(value) || ownerRecordName(value.id) !== name) throw malformed();
  return value;
}
