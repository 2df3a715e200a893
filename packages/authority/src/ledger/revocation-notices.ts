import type { RevocationNotice, RevocationPage, RevocationQuery } from '@jami-plugin-store/contract';
import type { Registry, RevokedCertificate } from './registry.js';

const defaultPageSize = 100;

/** One page of what was revoked, in order of revoking. */
export function revocationsAfter(
  { revoked }: Registry,
  { after = 0, limit = defaultPageSize }: RevocationQuery,
): RevocationPage {
  // Whoever knows more than there is has listened to a later copy of this folder: nothing may be left out for it.
  const from = after > revoked.length ? 0 : after;
  const page = revoked.slice(from, from + limit);
  const next = from + page.length;
  return {
    revocations: page.map((revoked, index) => noticeOf(revoked, from + index + 1)),
    latest: revoked.length,
    ...(next < revoked.length ? { next } : {}),
  };
}

function noticeOf({ record, revocation }: RevokedCertificate, sequence: number): RevocationNotice {
  return {
    sequence,
    issuer: record.issuer,
    serialNumber: record.serial,
    fingerprint: record.fingerprint,
    at: revocation.at.toISOString(),
    reason: revocation.reason,
  };
}
