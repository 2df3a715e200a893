import { AuthorityError } from '../error.js';
import type { Entry, IssuerState, Organization, Registry } from '../ledger/registry.js';
import type { CertificationRequest } from '../x509/csr.js';
import { commonName, comparableName } from '../x509/subject.js';

/**
 * What the ledger knows against a key. One key has one role, and one owner.
 * @throws {AuthorityError} CSR_KEY_COMPROMISED | CSR_KEY_OF_AN_AUTHORITY | CSR_KEY_ALREADY_CERTIFIED
 */
export function assertKeyIsFree(
  registry: Registry,
  { keyId }: CertificationRequest,
  wanted:
    | { readonly kind: 'organization'; readonly organization: string | undefined }
    | { readonly kind: 'plugin' },
): void {
  if (registry.compromisedKeys.has(keyId)) {
    throw new AuthorityError(
      'CSR_KEY_COMPROMISED',
      'A certificate of this key was revoked because the key was compromised. Make a new key.',
    );
  }
  for (const { record } of registry.forKey(keyId)) {
    if (wanted.kind === 'plugin' && record.kind === 'plugin') continue;
    if (record.kind === 'plugin') throw alreadyCertified(record.subject);
    if (wanted.kind === 'plugin' || record.kind !== 'organization') throw keyOfAnAuthority(record.subject);
    if (record.organization !== wanted.organization) throw alreadyCertified(record.subject);
  }
}

/**
 * Two organizations that people would take for one another cannot both hold a certificate, nor can one be called as
 * the root is.
 * @throws {AuthorityError} ORGANIZATION_NAME_TAKEN
 */
export function assertNameIsFree(registry: Registry, wantedName: string, at: Date): void {
  const name = comparableName(wantedName);
  const holders: Entry[] = [registry.root.entry];
  for (const issuer of registry.issuers.values()) holders.push(issuer.entry);
  const holder = holders.find((entry) => entry.record.name === name && isInForce(entry, at));
  if (holder === undefined) return;
  throw new AuthorityError('ORGANIZATION_NAME_TAKEN', `The name "${wantedName}" belongs to somebody else.`, {
    certificate: holder.record.subject,
  });
}

/** @throws {AuthorityError} ORGANIZATION_NOT_FOUND | ORGANIZATION_NAME_MISMATCH */
export function organizationToRenew(
  registry: Registry,
  id: string,
  request: CertificationRequest,
): Organization {
  const organization = registry.organizations.get(id);
  if (organization === undefined) {
    throw new AuthorityError('ORGANIZATION_NOT_FOUND', `No organization has the serial number ${id}.`);
  }
  if (organization.entry.record.name !== comparableName(commonName(request.subject))) {
    throw new AuthorityError(
      'ORGANIZATION_NAME_MISMATCH',
      'The common name of the request is not that of the organization to renew.',
      { certificate: organization.entry.record.subject },
    );
  }
  return organization;
}

/** @throws {AuthorityError} ISSUER_REVOKED */
export function assertNotRevoked(issuer: IssuerState): void {
  if (issuer.entry.revocation === undefined) return;
  throw new AuthorityError('ISSUER_REVOKED', 'The certificate of this organization is revoked.', {
    certificate: issuer.entry.record.subject,
  });
}

/** @throws {AuthorityError} ROOT_NOT_REVOCABLE | RESPONDER_NOT_REVOCABLE */
export function assertRevocable({ record }: Entry): void {
  if (record.kind === 'root') {
    throw new AuthorityError(
      'ROOT_NOT_REVOCABLE',
      'A root cannot revoke itself: clients must be told to stop trusting it.',
      { certificate: record.subject },
    );
  }
  if (record.kind === 'responder') {
    throw new AuthorityError(
      'RESPONDER_NOT_REVOCABLE',
      'Nobody asks about a responder certificate (id-pkix-ocsp-nocheck): it is short-lived and is replaced.',
      { certificate: record.subject },
    );
  }
}

function isInForce({ record, revocation }: Entry, at: Date): boolean {
  return revocation === undefined && new Date(record.notAfter) > at;
}

const alreadyCertified = (certificate: string): AuthorityError =>
  new AuthorityError(
    'CSR_KEY_ALREADY_CERTIFIED',
    'This key already has a certificate of another kind or owner.',
    {
      certificate,
    },
  );

const keyOfAnAuthority = (certificate: string): AuthorityError =>
  new AuthorityError('CSR_KEY_OF_AN_AUTHORITY', 'This key already issues or answers for certificates.', {
    certificate,
  });
