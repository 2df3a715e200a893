import type { CertificatePage } from '@jami-plugin-store/contract';
import type { CertificateSearch } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { describeEntry, type Entry, type Registry } from './registry.js';

const defaultPageSize = 100;
const maxPageSize = 500;

/**
 * One certificate by serial number or SHA-256 fingerprint: hex, as any tool prints it.
 * @throws {AuthorityError} ARGUMENT_INVALID | CERTIFICATE_NOT_FOUND | CERTIFICATE_REFERENCE_AMBIGUOUS
 */
export function findEntry(registry: Registry, reference: string, issuerId?: string): Entry {
  const hex = reference.replace(/^0x|[:\s]/gi, '').toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(hex)) {
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      'A certificate is named by its serial number or fingerprint in hex.',
    );
  }
  const candidates = candidatesFor(registry, hex).filter(
    ({ record }) => issuerId === undefined || record.issuer === issuerId,
  );
  const [entry, other] = candidates;
  if (entry === undefined) {
    throw new AuthorityError('CERTIFICATE_NOT_FOUND', `No certificate ${reference} was issued here.`, {
      certificate: reference,
    });
  }
  if (other === undefined) return entry;
  throw new AuthorityError(
    'CERTIFICATE_REFERENCE_AMBIGUOUS',
    `Two issuers used the serial number ${reference}: name the issuer or give the fingerprint.`,
    { certificate: reference },
  );
}

function candidatesFor(registry: Registry, hex: string): readonly Entry[] {
  const byFingerprint = hex.length === 64 ? registry.byFingerprint(hex) : undefined;
  if (byFingerprint !== undefined) return [byFingerprint];
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  // Tools print the number; its encoding has a zero octet in front where the first bit is set.
  return [...registry.bySerial(even), ...registry.bySerial(`00${even}`)];
}

/** One page of the certificates that match, in order of issuing. */
export function pageOf(entries: readonly Entry[], query: CertificateSearch): CertificatePage {
  const limit = Math.min(query.limit ?? defaultPageSize, maxPageSize);
  const found: Entry[] = [];
  for (let index = query.after ?? 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry === undefined || !matches(entry, query)) continue;
    if (found.length === limit)
      return { certificates: found.map(describeEntry), next: found.at(-1)?.sequence ?? 0 };
    found.push(entry);
  }
  return { certificates: found.map(describeEntry) };
}

function matches({ record, revocation }: Entry, { kind, issuer, state }: CertificateSearch): boolean {
  return (
    (kind === undefined || record.kind === kind) &&
    (issuer === undefined || record.issuer === issuer) &&
    (state === undefined || (state === 'revoked') === (revocation !== undefined))
  );
}
