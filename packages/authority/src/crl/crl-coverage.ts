import { parseCrl } from '@jami-plugin-store/trust';
import { DerReader } from '../der/reader.js';
import { AuthorityError } from '../error.js';
import type { IssuerState } from '../ledger/registry.js';
import type { PublishedCrl } from './crl-file.js';

const known = new WeakMap<Uint8Array, ReadonlySet<string>>();

/** Serial numbers (hex) in a CRL that was accepted before; read once for each list. */
function revokedSerials(der: Uint8Array): ReadonlySet<string> {
  const before = known.get(der);
  if (before !== undefined) return before;
  const serials = new Set<string>();
  const entries = new DerReader(parseCrl(der).entries);
  while (!entries.atEnd) {
    const entry = new DerReader(entries.expect(0x30).content);
    serials.add(Buffer.from(entry.expect(0x02).content).toString('hex'));
  }
  known.set(der, serials);
  return serials;
}

/** True when every certificate that is revoked here is in the list: else it would turn a revoked one good again. */
export function coversRevocations(der: Uint8Array, issuer: IssuerState): boolean {
  const listed = revokedSerials(der);
  for (const { record, revocation } of issuer.issued.values()) {
    if (revocation !== undefined && !listed.has(record.serial)) return false;
  }
  return true;
}

/**
 * The list of an organization with its own key, unless a revocation made here is not in it yet.
 * @throws {AuthorityError} CRL_NOT_AVAILABLE
 */
export function adoptedCrl(issuer: IssuerState, current: PublishedCrl | undefined): PublishedCrl {
  if (current !== undefined && coversRevocations(current.der, issuer)) return current;
  throw new AuthorityError(
    'CRL_NOT_AVAILABLE',
    current === undefined
      ? 'This organization publishes its revocation list elsewhere.'
      : 'A certificate was revoked since this organization signed its list. It has to bring a new one.',
    { certificate: issuer.entry.record.subject },
  );
}

/**
 * A list made here that knows more revocations than the ledger shows that the ledger was taken back: an old copy would turn revoked
 * certificates good again.
 * @throws {AuthorityError} LEDGER_ROLLED_BACK
 */
export function assertNotRolledBack(crl: PublishedCrl, issuer: IssuerState, path: string): void {
  if (crl.revoked <= issuer.revokedCount) return;
  throw new AuthorityError(
    'LEDGER_ROLLED_BACK',
    `CRL ${crl.number} of ${issuer.certificate.subject.text} revokes ${crl.revoked} certificates, the ledger knows ${issuer.revokedCount}. The ledger is an old copy.`,
    { path },
  );
}
