import { credentialNamePattern } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AuthorityError } from '../error.js';

const Serial = Type.String({ pattern: '^(?:[0-9a-f]{2}){1,21}$' });
const IssuerId = Type.String({ pattern: '^(?:root|[0-9a-f]{40})$' });
const Time = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z$' });
const Actor = Type.Optional(Type.String({ maxLength: 200 }));

/** A certificate exists from here on: it is signed in memory, written here, and only then handed out. */
const IssuedRecord = Type.Object({
  type: Type.Literal('issued'),
  at: Time,
  actor: Actor,
  kind: Type.Union([
    Type.Literal('root'),
    Type.Literal('organization'),
    Type.Literal('plugin'),
    Type.Literal('responder'),
  ]),
  issuer: IssuerId,
  serial: Serial,
  subject: Type.String(),
  /** Subject common name, as people compare names. */
  name: Type.String(),
  notBefore: Time,
  notAfter: Time,
  fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  keyId: Type.String({ pattern: '^[0-9a-f]{40}$' }),
  /** The subject serialNumber assigned to an organization. */
  organization: Type.Optional(Type.String()),
  /** False: signed elsewhere by the organization's own key, and registered here for its status. */
  signedHere: Type.Boolean(),
  /** DER, base64. */
  certificate: Type.String(),
  /** Name of the wish that this grants, and what was wished for: repeating it gives this certificate again. */
  requestId: Type.Optional(Type.String({ maxLength: 100 })),
  requestDigest: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
export type IssuedRecord = Static<typeof IssuedRecord>;

const RevokedRecord = Type.Object({
  type: Type.Literal('revoked'),
  at: Time,
  actor: Actor,
  issuer: IssuerId,
  serial: Serial,
  reason: Type.Union([
    Type.Literal('unspecified'),
    Type.Literal('keyCompromise'),
    Type.Literal('cACompromise'),
    Type.Literal('affiliationChanged'),
    Type.Literal('superseded'),
    Type.Literal('cessationOfOperation'),
    Type.Literal('privilegeWithdrawn'),
  ]),
});
export type RevokedRecord = Static<typeof RevokedRecord>;

/** Somebody may administer from afar. The certificate is of the administration CA, which issues nothing else. */
const CredentialRecord = Type.Object({
  type: Type.Literal('credential'),
  at: Time,
  actor: Actor,
  name: Type.String({ pattern: credentialNamePattern }),
  role: Type.Union([Type.Literal('reviewer'), Type.Literal('store')]),
  fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  notBefore: Time,
  notAfter: Time,
});
export type CredentialRecord = Static<typeof CredentialRecord>;

const CredentialRevokedRecord = Type.Object({
  type: Type.Literal('credential-revoked'),
  at: Time,
  actor: Actor,
  fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
export type CredentialRevokedRecord = Static<typeof CredentialRevokedRecord>;

const LedgerRecord = Type.Union([IssuedRecord, RevokedRecord, CredentialRecord, CredentialRevokedRecord]);
export type LedgerRecord = Static<typeof LedgerRecord>;

/** @throws {AuthorityError} LEDGER_DAMAGED */
export function parseRecord(text: string, path: string, line: number): LedgerRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, line, cause);
  }
  if (!Value.Check(LedgerRecord, value)) throw damaged(path, line);
  return value;
}

export function damaged(path: string, line: number, cause?: unknown): AuthorityError {
  return new AuthorityError(
    'LEDGER_DAMAGED',
    `Line ${line} of the ledger was changed or is damaged. Restore the ledger from a backup; nothing is issued or answered from it.`,
    { path, cause },
  );
}
