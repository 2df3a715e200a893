import { parseCrl } from '@jami-plugin-store/trust';
import { DerReader } from '../der/reader.js';
import type { IssuerState } from '../ledger/registry.js';

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
