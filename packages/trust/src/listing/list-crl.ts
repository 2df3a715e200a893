import { DerReader, tags } from '../certificate/der.js';
import { extensionOids } from '../certificate/extension-oids.js';
import type { RevokedEntry } from '../crl/certificate-list.js';
import { parseCrl } from '../crl/parse-crl.js';
import { readRevokedEntry, reasonNameOf } from '../crl/revoked-entry.js';
import { extensionLines, hex, instant, type Line, listingOf, signatureLines } from './listing.js';

const extensionNames: ReadonlyMap<string, string> = new Map([
  [extensionOids.authorityKeyIdentifier, 'authorityKeyIdentifier'],
  [extensionOids.crlNumber, 'cRLNumber'],
  [extensionOids.deltaCrlIndicator, 'deltaCRLIndicator'],
  [extensionOids.issuingDistributionPoint, 'issuingDistributionPoint'],
  [extensionOids.freshestCrl, 'freshestCRL'],
]);
const maxEntries = 16;

/**
 * Text of a CertificateList (RFC 5280 5.1), field by field; of its entries the first sixteen. It says how the list is
 * written, not whether it is believed.
 * @throws {TrustError} CRL_MALFORMED
 */
export function listCrl(der: Uint8Array): string {
  const list = parseCrl(der);
  const { version, issuer, thisUpdate, nextUpdate, entryCount, extensions } = list;
  const shown = firstEntries(list.entries, version);
  return listingOf([
    [0, 'CertificateList'],
    [1, 'version', `v${version}`],
    [1, 'issuer', issuer.text],
    [1, 'thisUpdate', instant(thisUpdate)],
    ...(nextUpdate === undefined ? [] : [[1, 'nextUpdate', instant(nextUpdate)] satisfies Line]),
    [1, 'revokedCertificates', `${entryCount}`],
    ...shown.flatMap(entryLines),
    ...(entryCount > shown.length ? [[2, `${entryCount - shown.length} more`] satisfies Line] : []),
    ...extensionLines(1, 'crlExtensions', extensions, extensionNames),
    ...signatureLines(1, list),
  ]);
}

function firstEntries(entries: Uint8Array, version: 1 | 2): RevokedEntry[] {
  const reader = new DerReader(entries);
  const read: RevokedEntry[] = [];
  while (!reader.done && read.length < maxEntries)
    read.push(readRevokedEntry(reader.next(tags.sequence, 'revokedCertificate'), version));
  return read;
}

function entryLines(entry: RevokedEntry): Line[] {
  return [
    [2, 'userCertificate', hex(entry.serialNumber)],
    [3, 'revocationDate', instant(entry.revokedAt)],
    ...(entry.reason === undefined ? [] : [[3, 'reasonCode', reasonNameOf(entry)] satisfies Line]),
  ];
}
