import type { CertificateExtension } from '../certificate/certificate.js';
import {
  context,
  contextConstructed,
  type DerLimits,
  type DerNode,
  DerReader,
  readDer,
  tags,
} from '../certificate/der.js';
import { DerError } from '../certificate/der-error.js';
import { counterOf, unsignedOf } from '../certificate/der-value.js';
import {
  readDistributionPointName,
  readDistributionPoints,
  readReasonFlags,
  urlsOf,
} from '../certificate/distribution-point.js';
import {
  open,
  openSequence,
  readAlternativeNames,
  readAuthorityKeyIdentifier,
  readDefaultFalse,
  readExtensions,
} from '../certificate/extension.js';
import { extensionOids } from '../certificate/extension-oids.js';
import { readName } from '../certificate/name.js';
import { readTime } from '../certificate/parse-certificate.js';
import { readSignedEnvelope } from '../certificate/signed-envelope.js';
import { TrustError } from '../error.js';
import type { CertificateList, IssuingDistributionPoint } from './certificate-list.js';
import { readRevokedEntry } from './revoked-entry.js';

/** The largest CRL that is read: about 250,000 entries. */
const crlLimits: DerLimits = { maxBytes: 10 << 20, maxDepth: 20, maxElements: 3_000_000 };

/**
 * Decodes one CRL, strictly (RFC 5280 5.1): DER only, nothing behind it, inner and outer signature algorithm
 * equal, no extension twice, every entry and every extension known here well-formed. Says nothing about trust.
 * @throws {TrustError} CRL_MALFORMED
 */
export function parseCrl(der: Uint8Array): CertificateList {
  const bytes = der.length > crlLimits.maxBytes ? der : new Uint8Array(der);
  try {
    return readCrl(readDer(bytes, crlLimits));
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TrustError('CRL_MALFORMED', `The CRL cannot be read: ${cause.message}.`, { cause });
  }
}

function readCrl(node: DerNode): CertificateList {
  const { tbs, signatureAlgorithm, signature } = readSignedEnvelope(node, 'certificateList');
  const reader = new DerReader(tbs.content);
  const version = readVersion(reader);
  const inner = reader.next(tags.sequence, 'signature').der;
  // RFC 5280 5.1.1.2
  if (Buffer.compare(inner, signatureAlgorithm.der) !== 0)
    throw new DerError('inner and outer algorithm disagree');
  const issuer = readName(reader.next(tags.sequence, 'issuer'), 'issuer');
  const thisUpdate = readTime(reader, 'thisUpdate');
  const hasNext = reader.nextTag === tags.utcTime || reader.nextTag === tags.generalizedTime;
  const nextUpdate = hasNext ? readTime(reader, 'nextUpdate') : undefined;
  const entries = reader.optional(tags.sequence, 'revokedCertificates')?.content ?? new Uint8Array();
  const extensions = readCrlExtensions(reader, version);
  reader.end('tbsCertList');
  return Object.freeze({
    der: node.der,
    tbs: tbs.der,
    version,
    signatureAlgorithm,
    signature,
    issuer,
    thisUpdate,
    nextUpdate,
    entries,
    ...surveyEntries(entries, version),
    extensions,
    ...readDecoded(extensions),
  });
}

// RFC 5280 5.1.2.1: v2 is written as 1; v1 is the default and so never encoded.
function readVersion(reader: DerReader): 1 | 2 {
  const node = reader.optional(tags.integer, 'version');
  if (node === undefined) return 1;
  if (counterOf(node.content) !== 1) throw new DerError('version is unknown');
  return 2;
}

function readCrlExtensions(reader: DerReader, version: 1 | 2): ReadonlyMap<string, CertificateExtension> {
  const explicit = reader.optional(contextConstructed(0), 'crlExtensions');
  if (explicit === undefined) return new Map();
  if (version === 1) throw new DerError('extensions in a version 1 CRL');
  const inner = new DerReader(explicit.content);
  const extensions = readExtensions(inner.next(tags.sequence, 'crlExtensions'), (oid) => {
    throw new DerError(`extension ${oid} twice`);
  });
  inner.end('crlExtensions');
  return extensions;
}

// Every entry is read once here, and none is kept: a large CRL costs its bytes and no more.
function surveyEntries(
  entries: Uint8Array,
  version: 1 | 2,
): Pick<CertificateList, 'entryCount' | 'unknownCriticalEntryExtensions'> {
  const reader = new DerReader(entries);
  const unknown = new Set<string>();
  let entryCount = 0;
  while (!reader.done) {
    const entry = readRevokedEntry(reader.next(tags.sequence, 'revokedCertificate'), version);
    for (const oid of entry.unknownCritical) unknown.add(oid);
    entryCount += 1;
  }
  return { entryCount, unknownCriticalEntryExtensions: Object.freeze([...unknown]) };
}

type Decoded = Pick<
  CertificateList,
  'authorityKeyIdentifier' | 'crlNumber' | 'baseCrlNumber' | 'issuingDistributionPoint' | 'freshestCrlUrls'
>;

function readDecoded(extensions: ReadonlyMap<string, CertificateExtension>): Decoded {
  const read = <T>(oid: string, reader: (value: Uint8Array) => T): T | undefined => {
    const value = extensions.get(oid)?.value;
    return value === undefined ? undefined : reader(value);
  };
  const freshestCrl = read(extensionOids.freshestCrl, (value) =>
    readDistributionPoints(value, 'freshestCRL'),
  );
  read(extensionOids.issuerAltName, (value) => readAlternativeNames(value, 'issuerAltName'));
  return {
    authorityKeyIdentifier: read(extensionOids.authorityKeyIdentifier, readAuthorityKeyIdentifier),
    crlNumber: read(extensionOids.crlNumber, readNumber),
    baseCrlNumber: read(extensionOids.deltaCrlIndicator, readNumber),
    freshestCrlUrls: freshestCrl === undefined ? [] : urlsOf(freshestCrl),
    issuingDistributionPoint: read(extensionOids.issuingDistributionPoint, readIssuingDistributionPoint),
  };
}

// RFC 5280 5.2.3: at most 20 octets.
function readNumber(value: Uint8Array): bigint {
  const { content } = open(value, tags.integer, 'CRL number');
  if (content.length > 20) throw new DerError('CRL number is longer than 20 octets');
  return unsignedOf(content);
}

// RFC 5280 5.2.5: never empty, at most one of the three "only" flags.
function readIssuingDistributionPoint(value: Uint8Array): IssuingDistributionPoint {
  const reader = openSequence(value, 'issuingDistributionPoint');
  if (reader.done) throw new DerError('issuingDistributionPoint is empty');
  const name = reader.optional(contextConstructed(0), 'distributionPoint');
  const onlyContainsUserCerts = readDefaultFalse(reader, context(1), 'onlyContainsUserCerts');
  const onlyContainsCaCerts = readDefaultFalse(reader, context(2), 'onlyContainsCACerts');
  const reasons = reader.optional(context(3), 'onlySomeReasons');
  const indirectCrl = readDefaultFalse(reader, context(4), 'indirectCRL');
  const onlyContainsAttributeCerts = readDefaultFalse(reader, context(5), 'onlyContainsAttributeCerts');
  reader.end('issuingDistributionPoint');
  if (Number(onlyContainsUserCerts) + Number(onlyContainsCaCerts) + Number(onlyContainsAttributeCerts) > 1)
    throw new DerError('issuingDistributionPoint with scopes that exclude each other');
  return Object.freeze({
    name: name === undefined ? undefined : readDistributionPointName(name),
    onlyContainsUserCerts,
    onlyContainsCaCerts,
    onlySomeReasons: reasons === undefined ? undefined : readReasonFlags(reasons),
    indirectCrl,
    onlyContainsAttributeCerts,
  });
}
