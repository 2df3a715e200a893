import { createHash } from 'node:crypto';
import { TrustError } from '../error.js';
import type { Certificate, CertificateExtension } from './certificate.js';
import { readDecodedExtensions } from './decoded-extensions.js';
import {
  context,
  contextConstructed,
  type DerLimits,
  type DerNode,
  DerReader,
  readDer,
  tags,
} from './der.js';
import { DerError } from './der-error.js';
import { assertInteger, bitsOf, counterOf, timeOf } from './der-value.js';
import { readExtensions } from './extension.js';
import { readName } from './name.js';
import { readPublicKey } from './public-key.js';
import { readSignedEnvelope } from './signed-envelope.js';

/** The largest certificate that is read, in bytes and in DER elements. */
export const certificateLimits: DerLimits = { maxBytes: 1 << 18, maxDepth: 20, maxElements: 20_000 };

/**
 * Decodes one certificate, strictly (RFC 5280 4.1): DER only, nothing behind it, inner and outer signature
 * algorithm equal with their parameters, no extension twice, no default encoded, every extension known here
 * well-formed. Says nothing about trust.
 * @throws {TrustError} CERTIFICATE_MALFORMED | CERTIFICATE_EXTENSION_MALFORMED |
 *   CERTIFICATE_EXTENSION_DUPLICATE | CERTIFICATE_ALGORITHMS_DISAGREE
 */
export function parseCertificate(der: Uint8Array): Certificate {
  // A copy: nobody can change the bytes after they were judged.
  const bytes = der.length > certificateLimits.maxBytes ? der : new Uint8Array(der);
  try {
    return readCertificate(readDer(bytes, certificateLimits));
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TrustError('CERTIFICATE_MALFORMED', `The certificate is not valid DER: ${cause.message}.`, {
      cause,
    });
  }
}

function readCertificate(node: DerNode): Certificate {
  const { tbs, signatureAlgorithm, signature } = readSignedEnvelope(node, 'certificate');
  const reader = new DerReader(tbs.content);
  const version = readVersion(reader);
  const serialNumber = readSerialNumber(reader);
  const inner = reader.next(tags.sequence, 'signature').der;
  const issuer = readName(reader.next(tags.sequence, 'issuer'), 'issuer');
  const validity = readValidity(reader);
  const subject = readName(reader.next(tags.sequence, 'subject'), 'subject');
  const publicKey = readPublicKey(reader.next(tags.sequence, 'subjectPublicKeyInfo'));
  readUniqueIdentifiers(reader, version);
  const extensions = readVersionExtensions(reader, version, subject.text);
  reader.end('tbsCertificate');

  // RFC 5280 4.1.1.2: byte for byte, so parameters too.
  if (Buffer.compare(inner, signatureAlgorithm.der) !== 0)
    throw new TrustError(
      'CERTIFICATE_ALGORITHMS_DISAGREE',
      'The certificate names one signature algorithm inside and another outside.',
      { certificate: subject.text },
    );
  return Object.freeze({
    der: node.der,
    tbs: tbs.der,
    version,
    serialNumber,
    issuer,
    subject,
    ...validity,
    publicKey,
    signatureAlgorithm,
    signature,
    extensions,
    ...readDecodedExtensions(extensions, subject.text),
    fingerprint: createHash('sha256').update(node.der).digest('hex'),
  });
}

// RFC 5280 4.1.2.1: v1 is the default and so never encoded.
function readVersion(reader: DerReader): 1 | 2 | 3 {
  const explicit = reader.optional(contextConstructed(0), 'version');
  if (explicit === undefined) return 1;
  const inner = new DerReader(explicit.content);
  const version = counterOf(inner.next(tags.integer, 'version').content);
  inner.end('version');
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw new DerError(version === 0 ? 'version: the default is encoded' : 'version is unknown');
}

// RFC 5280 4.1.2.2: at most 20 octets. Whether it is positive is judged with the path (an anchor's may be 0).
function readSerialNumber(reader: DerReader): Uint8Array {
  const { content } = reader.next(tags.integer, 'serialNumber');
  assertInteger(content);
  if (content.length > 20) throw new DerError('serialNumber is longer than 20 octets');
  return content;
}

function readValidity(reader: DerReader): Pick<Certificate, 'notBefore' | 'notAfter'> {
  const validity = reader.sequence('validity');
  const notBefore = readTime(validity, 'notBefore');
  const notAfter = readTime(validity, 'notAfter');
  validity.end('validity');
  return { notBefore, notAfter };
}

/** Time: UTCTime or GeneralizedTime. */
export function readTime(reader: DerReader, what: string): Date {
  const node = reader.any(what);
  if (node.tag !== tags.utcTime && node.tag !== tags.generalizedTime)
    throw new DerError(`${what} is not a time`);
  return timeOf(node.tag, node.content);
}

// RFC 5280 4.1.2.8: v2 and v3 only.
function readUniqueIdentifiers(reader: DerReader, version: number): void {
  for (const number of [1, 2]) {
    const identifier = reader.optional(context(number), 'unique identifier');
    if (identifier === undefined) continue;
    if (version === 1) throw new DerError('unique identifier in a version 1 certificate');
    bitsOf(identifier.content);
  }
}

// RFC 5280 4.1.2.9: v3 only.
function readVersionExtensions(
  reader: DerReader,
  version: number,
  subject: string,
): ReadonlyMap<string, CertificateExtension> {
  const explicit = reader.optional(contextConstructed(3), 'extensions');
  if (explicit === undefined) return new Map();
  if (version !== 3) throw new DerError(`extensions in a version ${version} certificate`);
  const inner = new DerReader(explicit.content);
  const extensions = readExtensions(inner.next(tags.sequence, 'extensions'), (oid) => {
    throw new TrustError(
      'CERTIFICATE_EXTENSION_DUPLICATE',
      `The certificate carries extension ${oid} twice.`,
      {
        certificate: subject,
      },
    );
  });
  inner.end('extensions');
  return extensions;
}
