import type { Credential } from '@jami-plugin-store/contract';
import { AuthorityError } from '../error.js';
import type { CredentialRecord, CredentialRevokedRecord } from '../ledger/record.js';

/** One credential and what became of it. */
export interface CredentialEntry {
  readonly record: CredentialRecord;
  revokedAt: Date | undefined;
}

/** The credentials that the ledger knows. Only records that are on the disk are applied. */
export class CredentialRegister {
  readonly #byFingerprint = new Map<string, CredentialEntry>();

  issue(record: CredentialRecord): CredentialEntry {
    const entry: CredentialEntry = { record, revokedAt: undefined };
    this.#byFingerprint.set(record.fingerprint, entry);
    return entry;
  }

  /** @throws {AuthorityError} LEDGER_DAMAGED */
  revoke({ fingerprint, at }: CredentialRevokedRecord): CredentialEntry {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry === undefined) {
      throw new AuthorityError(
        'LEDGER_DAMAGED',
        `The ledger revokes a credential it never issued (${fingerprint}).`,
      );
    }
    entry.revokedAt ??= new Date(at);
    return entry;
  }

  byFingerprint(fingerprint: string): CredentialEntry | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  /** In order of issuing. */
  list(): CredentialEntry[] {
    return [...this.#byFingerprint.values()];
  }

  /** The one credential of this name that opens anything now. */
  inForce(name: string, at: Date): CredentialEntry | undefined {
    return this.list().find((entry) => entry.record.name === name && stateOf(entry, at) === 'good');
  }
}

function stateOf({ record, revokedAt }: CredentialEntry, at: Date): Credential['state'] {
  if (revokedAt !== undefined) return 'revoked';
  return at >= new Date(record.notBefore) && at < new Date(record.notAfter) ? 'good' : 'expired';
}

/** @throws {AuthorityError} CREDENTIAL_UNKNOWN | CREDENTIAL_REVOKED | CREDENTIAL_EXPIRED */
export function assertInForce(
  entry: CredentialEntry | undefined,
  at: Date,
): asserts entry is CredentialEntry {
  if (entry === undefined) {
    throw new AuthorityError('CREDENTIAL_UNKNOWN', 'This certificate is no credential of this authority.');
  }
  const { name } = entry.record;
  const state = stateOf(entry, at);
  if (state === 'revoked') {
    throw new AuthorityError('CREDENTIAL_REVOKED', `The credential ${name} was revoked.`);
  }
  if (state === 'expired') {
    throw new AuthorityError(
      'CREDENTIAL_EXPIRED',
      `The credential ${name} is valid from ${entry.record.notBefore} to ${entry.record.notAfter}, not now.`,
    );
  }
}

/** As the operator sees it. */
export function describeCredential(entry: CredentialEntry, at: Date): Credential {
  const { name, role, fingerprint, at: issuedAt, notBefore, notAfter } = entry.record;
  return {
    name,
    role,
    fingerprint,
    issuedAt,
    notBefore,
    notAfter,
    state: stateOf(entry, at),
    ...(entry.revokedAt === undefined ? {} : { revokedAt: entry.revokedAt.toISOString() }),
  };
}
