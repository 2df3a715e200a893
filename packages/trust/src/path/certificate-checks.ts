import type { Certificate } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { assertKeyAcceptable } from '../certificate/signed-data.js';
import { TrustError } from '../error.js';
import { assertCriticalExtensionsKnown } from './critical-extension.js';

/** RFC 5280 3.2: issuer and subject are the same. */
export function isSelfIssued(certificate: Certificate): boolean {
  return namesEqual(certificate.issuer, certificate.subject);
}

/**
 * What must hold for any certificate of a path by itself, the anchor included.
 * @throws {TrustError} CERTIFICATE_EXPIRED | CERTIFICATE_NOT_YET_VALID | KEY_TOO_WEAK | KEY_UNSUPPORTED |
 *   CRITICAL_EXTENSION_UNKNOWN
 */
export function assertUsableAt(certificate: Certificate, at: Date): void {
  const detail = { certificate: certificate.subject.text };
  // RFC 5280 6.1.3 (a) (2); both ends belong to the period (4.1.2.5). Written so that an invalid date is refused.
  if (!(at.getTime() >= certificate.notBefore.getTime()))
    throw new TrustError(
      'CERTIFICATE_NOT_YET_VALID',
      `The certificate is valid only from ${certificate.notBefore.toISOString()} on.`,
      detail,
    );
  if (!(at.getTime() <= certificate.notAfter.getTime()))
    throw new TrustError(
      'CERTIFICATE_EXPIRED',
      `The certificate expired on ${certificate.notAfter.toISOString()}.`,
      detail,
    );
  assertKeyAcceptable(certificate.publicKey, detail);
  assertCriticalExtensionsKnown(certificate);
}

/**
 * RFC 5280 4.1.2.2: serial numbers are positive. Judged below the anchor only.
 * @throws {TrustError} CERTIFICATE_SERIAL_INVALID
 */
export function assertSerialPositive(certificate: Certificate): void {
  const serial = certificate.serialNumber;
  if ((serial[0] ?? 0) < 0x80 && serial.some((octet) => octet !== 0)) return;
  throw new TrustError('CERTIFICATE_SERIAL_INVALID', "The certificate's serial number is not positive.", {
    certificate: certificate.subject.text,
  });
}

/**
 * Whether a certificate may issue those below it.
 * @param counted  intermediates below it, without the last certificate and without self-issued ones
 * @throws {TrustError} ISSUER_NOT_A_CA | ISSUER_KEY_USAGE_FORBIDS | PATH_TOO_LONG
 */
export function assertMayIssue(issuer: Certificate, counted: number, isAnchor: boolean): void {
  const detail = { certificate: issuer.subject.text };
  // RFC 5280 6.1.4 (k). An anchor the user gave needs no basicConstraints when it is self-signed or version 1.
  const givenAsAnchor =
    isAnchor && issuer.basicConstraints === undefined && (issuer.version === 1 || isSelfIssued(issuer));
  if (issuer.basicConstraints?.cA !== true && !givenAsAnchor)
    throw new TrustError('ISSUER_NOT_A_CA', 'The issuer is not a certificate authority.', detail);
  // RFC 5280 6.1.4 (n)
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has('keyCertSign'))
    throw new TrustError('ISSUER_KEY_USAGE_FORBIDS', "The issuer's key may not sign certificates.", detail);
  // RFC 5280 6.1.4 (l), (m): self-issued certificates and the last one do not count.
  const pathLength = issuer.basicConstraints?.pathLength;
  if (pathLength !== undefined && counted > pathLength)
    throw new TrustError(
      'PATH_TOO_LONG',
      `The issuer allows ${pathLength} intermediate certificates below it; there are ${counted}.`,
      detail,
    );
}
