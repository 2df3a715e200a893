import type { Certificate } from '../certificate/certificate.js';
import { extensionOids } from '../certificate/extension-oids.js';
import { TrustError } from '../error.js';

/**
 * Extensions that are acted on, so that they may be critical. Key identifiers, access information and freshestCRL
 * are not among them: RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.15 and 4.2.2.1 require them to be non-critical.
 */
const processed: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.subjectAltName,
  extensionOids.basicConstraints,
  extensionOids.nameConstraints,
  extensionOids.crlDistributionPoints,
  extensionOids.certificatePolicies,
  extensionOids.policyMappings,
  extensionOids.policyConstraints,
  extensionOids.extendedKeyUsage,
  extensionOids.inhibitAnyPolicy,
]);

/**
 * Leaf and anchor included.
 * @throws {TrustError} CRITICAL_EXTENSION_UNKNOWN
 */
export function assertCriticalExtensionsKnown(certificate: Certificate): void {
  for (const { oid, critical } of certificate.extensions.values()) {
    // RFC 5280 6.1.4 (o), 6.1.5 (f)
    if (critical && !processed.has(oid))
      throw new TrustError(
        'CRITICAL_EXTENSION_UNKNOWN',
        `The certificate carries the critical extension ${oid}, which is not known here.`,
        { certificate: certificate.subject.text },
      );
  }
}
