import { TrustError } from '../error.js';
import type { Certificate, CertificateExtension } from './certificate.js';
import { DerError } from './der-error.js';
import { readDistributionPoints, urlsOf } from './distribution-point.js';
import {
  assertOcspNoCheck,
  readAlternativeNames,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  readOcspUrls,
  readSubjectKeyIdentifier,
} from './extension.js';
import { extensionOids } from './extension-oids.js';
import { readNameConstraints } from './name-constraints.js';
import {
  readCertificatePolicies,
  readInhibitAnyPolicy,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extension.js';

type DecodedExtensions = Pick<
  Certificate,
  | 'basicConstraints'
  | 'keyUsage'
  | 'extendedKeyUsage'
  | 'subjectKeyIdentifier'
  | 'authorityKeyIdentifier'
  | 'subjectAltNames'
  | 'nameConstraints'
  | 'certificatePolicies'
  | 'policyMappings'
  | 'policyConstraints'
  | 'inhibitAnyPolicy'
  | 'crlDistributionPoints'
  | 'ocspUrls'
  | 'crlUrls'
  | 'freshestCrlUrls'
  | 'ocspNoCheck'
>;

/**
 * Decodes every extension known here, whether or not anything will depend on it.
 * @throws {TrustError} CERTIFICATE_EXTENSION_MALFORMED
 */
export function readDecodedExtensions(
  extensions: ReadonlyMap<string, CertificateExtension>,
  subject: string,
): DecodedExtensions {
  const read = <T>(oid: string, reader: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.get(oid);
    return extension === undefined ? undefined : readOne(extension, reader, subject);
  };
  const crlDistributionPoints = read(extensionOids.crlDistributionPoints, (value) =>
    readDistributionPoints(value, 'cRLDistributionPoints'),
  );
  const freshestCrl = read(extensionOids.freshestCrl, (value) =>
    readDistributionPoints(value, 'freshestCRL'),
  );
  read(extensionOids.issuerAltName, (value) => readAlternativeNames(value, 'issuerAltName'));
  read(extensionOids.ocspNoCheck, assertOcspNoCheck);
  return {
    basicConstraints: read(extensionOids.basicConstraints, readBasicConstraints),
    keyUsage: read(extensionOids.keyUsage, readKeyUsage),
    extendedKeyUsage: read(extensionOids.extendedKeyUsage, readExtendedKeyUsage),
    subjectKeyIdentifier: read(extensionOids.subjectKeyIdentifier, readSubjectKeyIdentifier),
    authorityKeyIdentifier: read(extensionOids.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    subjectAltNames: read(extensionOids.subjectAltName, (value) =>
      readAlternativeNames(value, 'subjectAltName'),
    ),
    nameConstraints: read(extensionOids.nameConstraints, readNameConstraints),
    certificatePolicies: read(extensionOids.certificatePolicies, readCertificatePolicies),
    policyMappings: read(extensionOids.policyMappings, readPolicyMappings),
    policyConstraints: read(extensionOids.policyConstraints, readPolicyConstraints),
    inhibitAnyPolicy: read(extensionOids.inhibitAnyPolicy, readInhibitAnyPolicy),
    crlDistributionPoints,
    ocspUrls: read(extensionOids.authorityInfoAccess, readOcspUrls) ?? [],
    crlUrls: crlDistributionPoints === undefined ? [] : urlsOf(crlDistributionPoints),
    freshestCrlUrls: freshestCrl === undefined ? [] : urlsOf(freshestCrl),
    ocspNoCheck: extensions.has(extensionOids.ocspNoCheck),
  };
}

function readOne<T>(extension: CertificateExtension, reader: (value: Uint8Array) => T, subject: string): T {
  try {
    return reader(extension.value);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TrustError(
      'CERTIFICATE_EXTENSION_MALFORMED',
      `The certificate's extension ${extension.oid} cannot be read: ${cause.message}.`,
      { certificate: subject, cause },
    );
  }
}
