import type { Certificate, DistinguishedName } from '../certificate/certificate.js';
import type { DistributionPoint, DistributionPointName } from '../certificate/distribution-point.js';
import { extensionOids } from '../certificate/extension-oids.js';
import type { GeneralName } from '../certificate/general-name.js';
import { namesEqual } from '../certificate/name.js';
import type { CertificateList } from './certificate-list.js';

/** Every reason of ReasonFlags; bit 0 is unused. */
export const allReasons: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];

/** The certificate's distribution points and, last, the one RFC 5280 6.3.3 assumes: the issuer's name and all reasons. */
export function distributionPointsOf(certificate: Certificate): readonly DistributionPoint[] {
  const assumed: DistributionPoint = {
    name: { fullName: [{ form: 'directory', name: certificate.issuer }] },
  };
  return [...(certificate.crlDistributionPoints ?? []), assumed];
}

/** RFC 5280 6.3.3 (b) (1): the CRL is by the issuer that the distribution point names, or by the certificate's. */
export function isByExpectedIssuer(
  list: CertificateList,
  certificate: Certificate,
  point: DistributionPoint,
): boolean {
  if (point.crlIssuer === undefined) return namesEqual(list.issuer, certificate.issuer);
  const named = point.crlIssuer.some(
    (name) => name.form === 'directory' && namesEqual(name.name, list.issuer),
  );
  return named && list.issuingDistributionPoint?.indirectCrl === true;
}

/** RFC 5280 6.3.3 (b) (2): the certificate lies in the scope of the CRL. */
export function isInScope(
  list: CertificateList,
  certificate: Certificate,
  point: DistributionPoint,
): boolean {
  const issuing = list.issuingDistributionPoint;
  if (issuing === undefined) return true;
  const isCa = certificate.basicConstraints?.cA === true;
  if (issuing.onlyContainsAttributeCerts) return false;
  if (issuing.onlyContainsUserCerts && isCa) return false;
  if (issuing.onlyContainsCaCerts && !isCa) return false;
  if (issuing.name === undefined) return true;
  const offered = fullNames(issuing.name, list.issuer);
  // (b) (2) (i): without a name of its own, the distribution point's CRL issuers stand for it.
  const wanted =
    point.name === undefined
      ? (point.crlIssuer ?? [])
      : fullNames(point.name, directoryName(point.crlIssuer) ?? certificate.issuer);
  return offered.some((name) => wanted.some((other) => sameName(name, other)));
}

/** RFC 5280 6.3.3 (d): the reasons this CRL speaks about at this distribution point. */
export function reasonsOf(list: CertificateList, point: DistributionPoint): readonly number[] {
  const some = list.issuingDistributionPoint?.onlySomeReasons;
  return allReasons.filter(
    (reason) =>
      (some === undefined || some.has(reason)) && (point.reasons === undefined || point.reasons.has(reason)),
  );
}

/** RFC 5280 5.2.4, 6.3.3 (c): the delta CRL belongs to the complete one and goes beyond it. */
export function isDeltaFor(delta: CertificateList, complete: CertificateList): boolean {
  if (delta.baseCrlNumber === undefined || delta.crlNumber === undefined) return false;
  if (complete.crlNumber === undefined || complete.baseCrlNumber !== undefined) return false;
  return (
    namesEqual(delta.issuer, complete.issuer) &&
    sameExtension(delta, complete, extensionOids.issuingDistributionPoint) &&
    sameExtension(delta, complete, extensionOids.authorityKeyIdentifier) &&
    delta.baseCrlNumber <= complete.crlNumber &&
    complete.crlNumber < delta.crlNumber
  );
}

function sameExtension(a: CertificateList, b: CertificateList, oid: string): boolean {
  const left = a.extensions.get(oid)?.value;
  const right = b.extensions.get(oid)?.value;
  if (left === undefined || right === undefined) return left === right;
  return Buffer.compare(left, right) === 0;
}

// RFC 5280 4.2.1.13: a relative name stands below the CRL issuer's.
function fullNames(
  name: DistributionPointName,
  issuer: DistinguishedName,
): readonly (GeneralName | { readonly canonicalRdns: readonly string[] })[] {
  if ('fullName' in name) return name.fullName;
  return [{ canonicalRdns: [...issuer.canonicalRdns, name.relativeName] }];
}

function directoryName(names: readonly GeneralName[] | undefined): DistinguishedName | undefined {
  return names?.find((name) => name.form === 'directory')?.name;
}

type AnyName = GeneralName | { readonly canonicalRdns: readonly string[] };

function sameName(a: AnyName, b: AnyName): boolean {
  const left = rdnsOf(a);
  const right = rdnsOf(b);
  if (left !== undefined || right !== undefined)
    return left !== undefined && right !== undefined && JSON.stringify(left) === JSON.stringify(right);
  if (!('text' in a) || !('text' in b)) return false;
  return a.form === b.form && a.text === b.text;
}

function rdnsOf(name: AnyName): readonly string[] | undefined {
  if ('canonicalRdns' in name) return name.canonicalRdns;
  return name.form === 'directory' ? name.name.canonicalRdns : undefined;
}
