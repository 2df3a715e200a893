import type { AuthorityStatus, Issuer } from '@jami-plugin-store/contract';
import type { AuthorityParts } from './authority-parts.js';

export function describeStatus({ settings, registry, ledger, troubles }: AuthorityParts): AuthorityStatus {
  return {
    name: settings.name,
    baseUrl: settings.baseUrl,
    rootFingerprint: registry.root.entry.record.fingerprint,
    rootNotAfter: registry.root.entry.record.notAfter,
    issued: registry.entries.length,
    revoked: registry.revokedCount,
    ledgerHead: ledger.head,
    troubles: troubles.list(),
  };
}

export function describeIssuers({ registry, keys, responders, crls }: AuthorityParts): Issuer[] {
  return [...registry.issuers.values()].map(({ id, entry }) => ({
    id,
    subject: entry.record.subject,
    ...(entry.record.organization === undefined ? {} : { organization: entry.record.organization }),
    keyHeldHere: keys.has(id),
    answersOcsp: responders.has(id),
    publishesCrl: crls.has(id),
    notAfter: entry.record.notAfter,
    revoked: entry.revocation !== undefined,
  }));
}
