import type { CertificateExtension, DistinguishedName } from '../certificate/certificate.js';
import { type DerNode, DerReader, tags } from '../certificate/der.js';
import { DerError } from '../certificate/der-error.js';
import { assertInteger, timeOf } from '../certificate/der-value.js';
import { open, readAlternativeNames, readExtensions } from '../certificate/extension.js';
import { extensionOids } from '../certificate/extension-oids.js';
import type { GeneralName } from '../certificate/general-name.js';
import { namesEqual } from '../certificate/name.js';
import { readTime } from '../certificate/parse-certificate.js';
import { revocationReason } from '../revocation/revocation-reason.js';
import type { CertificateList, RevokedEntry } from './certificate-list.js';

export const removeFromCrl = 8;

export function reasonNameOf(entry: RevokedEntry): string {
  return revocationReason(entry.reason ?? 0) ?? 'unspecified';
}

const processed: ReadonlySet<string> = new Set([extensionOids.reasonCode, extensionOids.certificateIssuer]);

/** Reads one entry; an extension that occurs twice is an error. */
export function readRevokedEntry(
  node: DerNode,
  version: 1 | 2,
): RevokedEntry & { unknownCritical: readonly string[] } {
  const reader = new DerReader(node.content);
  const serialNumber = reader.next(tags.integer, 'userCertificate').content;
  assertInteger(serialNumber);
  const revokedAt = readTime(reader, 'revocationDate');
  if (reader.done) return { serialNumber, revokedAt, unknownCritical: [] };
  if (version === 1) throw new DerError('entry extensions in a version 1 CRL');
  const extensions = readExtensions(reader.next(tags.sequence, 'crlEntryExtensions'), (oid) => {
    throw new DerError(`entry extension ${oid} twice`);
  });
  reader.end('revokedCertificate');
  const all = [...extensions.values()];
  return {
    serialNumber,
    revokedAt,
    ...readKnown(extensions),
    // RFC 5280 5.3
    unknownCritical: all.filter(({ oid, critical }) => critical && !processed.has(oid)).map(({ oid }) => oid),
  };
}

function readKnown(
  extensions: ReadonlyMap<string, CertificateExtension>,
): Pick<RevokedEntry, 'reason' | 'certificateIssuer'> {
  const reason = extensions.get(extensionOids.reasonCode);
  const issuer = extensions.get(extensionOids.certificateIssuer);
  const invalidity = extensions.get(extensionOids.invalidityDate);
  if (invalidity !== undefined)
    timeOf(tags.generalizedTime, open(invalidity.value, tags.generalizedTime, 'invalidityDate').content);
  // RFC 5280 5.3.3: always critical.
  if (issuer?.critical === false) throw new DerError('certificateIssuer is not critical');
  return {
    reason: reason === undefined ? undefined : readReason(reason.value),
    certificateIssuer:
      issuer === undefined
        ? undefined
        : directoryNames(readAlternativeNames(issuer.value, 'certificateIssuer')),
  };
}

function readReason(value: Uint8Array): number {
  const { content } = open(value, tags.enumerated, 'reasonCode');
  const [code] = content;
  if (content.length !== 1 || code === undefined || revocationReason(code) === undefined)
    throw new DerError('reasonCode is unknown');
  return code;
}

function directoryNames(names: readonly GeneralName[]): readonly DistinguishedName[] {
  const found = names.flatMap((name) => (name.form === 'directory' ? [name.name] : []));
  if (found.length === 0) throw new DerError('certificateIssuer without a directory name');
  return found;
}

/**
 * The entry about one certificate, by issuer and serial number (RFC 5280 6.3.3 (i), (j)). Where the CRL
 * holds several, one that revokes is taken before one that lifts a hold.
 */
export function findRevocation(
  list: CertificateList,
  certificate: { readonly issuer: DistinguishedName; readonly serialNumber: Uint8Array },
): RevokedEntry | undefined {
  const isIndirect = list.issuingDistributionPoint?.indirectCrl === true;
  let issuers: readonly DistinguishedName[] = [list.issuer];
  let found: RevokedEntry | undefined;
  const reader = new DerReader(list.entries);
  while (!reader.done) {
    const node = reader.any('revokedCertificate');
    if (!isIndirect && !hasSerial(node, certificate.serialNumber)) continue;
    const entry = readRevokedEntry(node, list.version);
    // RFC 5280 5.3.3: the issuer named last holds until another is named.
    issuers = entry.certificateIssuer ?? issuers;
    if (Buffer.compare(entry.serialNumber, certificate.serialNumber) !== 0) continue;
    if (!issuers.some((issuer) => namesEqual(issuer, certificate.issuer))) continue;
    if (found === undefined || found.reason === removeFromCrl) found = entry;
  }
  return found;
}

function hasSerial(entry: DerNode, serialNumber: Uint8Array): boolean {
  const first = new DerReader(entry.content).next(tags.integer, 'userCertificate');
  return Buffer.compare(first.content, serialNumber) === 0;
}
