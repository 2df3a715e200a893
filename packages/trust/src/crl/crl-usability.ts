import { extensionOids } from '../certificate/extension-oids.js';
import { TrustError, type TrustErrorDetail } from '../error.js';
import type { CertificateList } from './certificate-list.js';

const processed: ReadonlySet<string> = new Set([
  extensionOids.issuingDistributionPoint,
  extensionOids.deltaCrlIndicator,
]);

/**
 * What must hold for a CRL by itself before anything in it counts.
 * @param skewMs  how far its maker's clock may be ahead
 * @throws {TrustError} CRL_CRITICAL_EXTENSION | CRL_NOT_YET_VALID | CRL_STALE
 */
export function assertCrlUsable(list: CertificateList, at: Date, detail: TrustErrorDetail, skewMs = 0): void {
  // RFC 5280 5.2, 5.3: one critical extension that is not known, even of an entry, and the CRL is not used at all.
  const unknown = [...list.extensions.values()].find(
    ({ oid, critical }) => critical && !processed.has(oid),
  )?.oid;
  const first = unknown ?? list.unknownCriticalEntryExtensions[0];
  if (first !== undefined)
    throw new TrustError(
      'CRL_CRITICAL_EXTENSION',
      `The CRL carries the critical extension ${first}, which is not known here.`,
      detail,
    );
  if (!(at.getTime() + skewMs >= list.thisUpdate.getTime()))
    throw new TrustError(
      'CRL_NOT_YET_VALID',
      `The CRL holds only from ${list.thisUpdate.toISOString()} on.`,
      detail,
    );
  // RFC 5280 5.1.2.5: nextUpdate is required; without it nobody can say until when a CRL holds.
  if (list.nextUpdate === undefined)
    throw new TrustError('CRL_STALE', 'The CRL does not say until when it holds.', detail);
  if (!(at.getTime() <= list.nextUpdate.getTime()))
    throw new TrustError('CRL_STALE', `The CRL held only until ${list.nextUpdate.toISOString()}.`, detail);
}
