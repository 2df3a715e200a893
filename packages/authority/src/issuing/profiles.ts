import { authorityMarkOid } from '@jami-plugin-store/trust';
import { derNull } from '../der/writer.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  certificateSigning,
  crlDistributionPoint,
  dataSigning,
  extension,
  ocspNoCheck,
  ocspResponder,
  purpose,
  subjectKeyIdentifier,
} from '../x509/extensions.js';
import { keyIdentifier } from '../x509/key.js';

/** Where the status of a certificate is to be asked. */
export interface StatusUrls {
  readonly ocspUrl: string;
  /** Absent where an organization publishes no CRL. */
  readonly crlUrl?: string | undefined;
}

/** One organization below the root, plugins below that. */
export function rootExtensions(spki: Uint8Array): Buffer[] {
  return [
    basicConstraints(true, 1),
    certificateSigning(),
    subjectKeyIdentifier(keyIdentifier(spki)),
    // Says that subject serialNumbers under this root are assigned once and never reused (docs/authority.md).
    extension(authorityMarkOid, false, derNull),
  ];
}

export function organizationExtensions(
  spki: Uint8Array,
  issuerKeyId: Uint8Array,
  status: StatusUrls,
): Buffer[] {
  return [
    basicConstraints(true, 0),
    certificateSigning(),
    subjectKeyIdentifier(keyIdentifier(spki)),
    authorityKeyIdentifier(issuerKeyId),
    ...statusExtensions(status),
  ];
}

export function pluginExtensions(spki: Uint8Array, issuerKeyId: Uint8Array, status: StatusUrls): Buffer[] {
  return [
    basicConstraints(false),
    dataSigning(),
    purpose('codeSigning'),
    subjectKeyIdentifier(keyIdentifier(spki)),
    authorityKeyIdentifier(issuerKeyId),
    ...statusExtensions(status),
  ];
}

/** RFC 6960 4.2.2.2: a delegate that nobody needs to ask about while it is valid. */
export function responderExtensions(spki: Uint8Array, issuerKeyId: Uint8Array): Buffer[] {
  return [
    basicConstraints(false),
    dataSigning(),
    purpose('ocspSigning'),
    ocspNoCheck(),
    subjectKeyIdentifier(keyIdentifier(spki)),
    authorityKeyIdentifier(issuerKeyId),
  ];
}

function statusExtensions({ ocspUrl, crlUrl }: StatusUrls): Buffer[] {
  return crlUrl === undefined
    ? [ocspResponder(ocspUrl)]
    : [ocspResponder(ocspUrl), crlDistributionPoint(crlUrl)];
}
