import type { Certificate, CertificateExtension, DistinguishedName } from '../certificate/certificate.js';
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
import { counterOf, oidOf, timeOf, wholeOctetsOf } from '../certificate/der-value.js';
import { readExtensions } from '../certificate/extension.js';
import { readName } from '../certificate/name.js';
import { parseCertificate } from '../certificate/parse-certificate.js';
import type { SignedData } from '../certificate/signed-data.js';
import { readAlgorithm } from '../certificate/signed-envelope.js';
import { TrustError, type TrustErrorCode } from '../error.js';
import { revocationReason } from '../revocation/revocation-reason.js';
import { type CertificateId, readCertificateId } from './certificate-id.js';
import { ocspOids } from './ocsp-oids.js';

type Extensions = ReadonlyMap<string, CertificateExtension>;

export type ResponderId =
  | { readonly by: 'name'; readonly name: DistinguishedName }
  | { readonly by: 'key'; readonly keyHash: Uint8Array };

export interface SingleResponse {
  readonly id: CertificateId;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt?: Date | undefined;
  readonly reason?: string | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  readonly extensions: Extensions;
}

/** A BasicOCSPResponse as it is written; nothing in it is believed yet. */
export interface BasicResponse extends SignedData {
  /** The signed part: ResponseData, DER. */
  readonly tbs: Uint8Array;
  readonly responder: ResponderId;
  readonly producedAt: Date;
  readonly answers: readonly SingleResponse[];
  readonly extensions: Extensions;
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  readonly certificates: readonly Certificate[];
}

const ocspLimits: DerLimits = { maxBytes: 1 << 18, maxDepth: 24, maxElements: 32_768 };
/** A responder sends its own certificate and perhaps its issuers. */
const maxCertificates = 10;

/** OCSPResponseStatus (RFC 6960 4.2.1); 4 is not used. */
const unsuccessful: ReadonlyMap<number, string> = new Map([
  [1, 'malformedRequest'],
  [2, 'internalError'],
  [3, 'tryLater'],
  [5, 'sigRequired'],
  [6, 'unauthorized'],
]);

/**
 * Reads an OCSPResponse (RFC 6960 4.2.1): DER to the last byte, successful, basic, version 1.
 * @throws {TrustError} OCSP_MALFORMED | OCSP_NOT_SUCCESSFUL | OCSP_TYPE_UNSUPPORTED | OCSP_VERSION_UNSUPPORTED
 */
export function readOcspResponse(der: Uint8Array): BasicResponse {
  try {
    return readBasicResponse(readResponseBytes(der));
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw new TrustError('OCSP_MALFORMED', `The OCSP answer is malformed: ${cause.message}`, { cause });
  }
}

function readResponseBytes(der: Uint8Array): Uint8Array {
  const response = DerReader.of(readDer(der, ocspLimits), tags.sequence, 'OCSPResponse');
  const status = counterOf(response.next(tags.enumerated, 'responseStatus').content);
  const wrapped = response.optional(contextConstructed(0), 'responseBytes');
  response.end('OCSPResponse');
  if (status !== 0) {
    const name = unsuccessful.get(status);
    if (name === undefined) throw new DerError(`responseStatus ${status}`);
    throw refusal('OCSP_NOT_SUCCESSFUL', `The OCSP responder declined to answer (${name})`);
  }
  if (wrapped === undefined) throw new DerError('successful without responseBytes');
  const explicit = new DerReader(wrapped.content);
  const bytes = explicit.sequence('ResponseBytes');
  explicit.end('responseBytes');
  const type = oidOf(bytes.next(tags.oid, 'responseType').content);
  const { content } = bytes.next(tags.octetString, 'response');
  bytes.end('ResponseBytes');
  if (type !== ocspOids.basicResponse) {
    throw refusal('OCSP_TYPE_UNSUPPORTED', `The OCSP answer is of an unknown type (${type})`);
  }
  return content;
}

function readBasicResponse(der: Uint8Array): BasicResponse {
  const basic = DerReader.of(readDer(der, ocspLimits), tags.sequence, 'BasicOCSPResponse');
  const data = basic.next(tags.sequence, 'tbsResponseData');
  const algorithm = basic.next(tags.sequence, 'signatureAlgorithm');
  const signature = wholeOctetsOf(basic.next(tags.bitString, 'signature').content);
  const certificates = basic.optional(contextConstructed(0), 'certs');
  basic.end('BasicOCSPResponse');
  return {
    tbs: data.der,
    ...readResponseData(data),
    signatureAlgorithm: readAlgorithm(algorithm),
    signature,
    certificates: certificates === undefined ? [] : readCertificates(certificates),
  };
}

function readResponseData(node: DerNode) {
  const data = DerReader.of(node, tags.sequence, 'tbsResponseData');
  const version = data.optional(contextConstructed(0), 'version');
  if (version !== undefined) refuseVersion(version);
  const responder = readResponderId(data.any('responderID'));
  const producedAt = readTime(data, 'producedAt');
  const answers = new DerReader(data.next(tags.sequence, 'responses').content)
    .all(tags.sequence, 'responses', 0)
    .map(readSingleResponse);
  const extensions = readTaggedExtensions(data, 'responseExtensions');
  data.end('tbsResponseData');
  return { responder, producedAt, answers, extensions };
}

// X.690 11.5: version 1 is the default, so only another version is ever written.
function refuseVersion(node: DerNode): never {
  const explicit = new DerReader(node.content);
  const version = counterOf(explicit.next(tags.integer, 'version').content);
  explicit.end('version');
  if (version === 0) throw new DerError('version: the default is encoded');
  throw refusal(
    'OCSP_VERSION_UNSUPPORTED',
    `The OCSP answer is of version ${version + 1}; only version 1 exists`,
  );
}

function readResponderId(node: DerNode): ResponderId {
  const explicit = new DerReader(node.content);
  const inner = explicit.any('responderID');
  explicit.end('responderID');
  if (node.tag === contextConstructed(1)) return { by: 'name', name: readName(inner, 'responderID') };
  if (node.tag !== contextConstructed(2) || inner.tag !== tags.octetString || inner.content.length !== 20) {
    throw new DerError('responderID is neither a name nor a SHA-1 key hash');
  }
  return { by: 'key', keyHash: inner.content };
}

function readSingleResponse(node: DerNode): SingleResponse {
  const single = DerReader.of(node, tags.sequence, 'SingleResponse');
  const id = readCertificateId(single.sequence('certID'));
  const status = readStatus(single.any('certStatus'));
  const thisUpdate = readTime(single, 'thisUpdate');
  const next = single.optional(contextConstructed(0), 'nextUpdate');
  const nextUpdate = next === undefined ? undefined : readWrappedTime(next);
  const extensions = readTaggedExtensions(single, 'singleExtensions');
  single.end('SingleResponse');
  return { id, ...status, thisUpdate, nextUpdate, extensions };
}

function readStatus({ tag, content }: DerNode): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  if (tag === contextConstructed(1)) return { status: 'revoked', ...readRevokedInfo(new DerReader(content)) };
  if ((tag !== context(0) && tag !== context(2)) || content.length > 0) throw new DerError('certStatus');
  return { status: tag === context(0) ? 'good' : 'unknown' };
}

function readRevokedInfo(reader: DerReader): { revokedAt: Date; reason: string | undefined } {
  const revokedAt = readTime(reader, 'revocationTime');
  const wrapped = reader.optional(contextConstructed(0), 'revocationReason');
  reader.end('RevokedInfo');
  if (wrapped === undefined) return { revokedAt, reason: undefined };
  const explicit = new DerReader(wrapped.content);
  const code = counterOf(explicit.next(tags.enumerated, 'revocationReason').content);
  explicit.end('revocationReason');
  return { revokedAt, reason: revocationReason(code) };
}

function readTime(reader: DerReader, what: string): Date {
  const { tag, content } = reader.next(tags.generalizedTime, what);
  return timeOf(tag, content);
}

function readWrappedTime(node: DerNode): Date {
  const explicit = new DerReader(node.content);
  const time = readTime(explicit, 'nextUpdate');
  explicit.end('nextUpdate');
  return time;
}

function readTaggedExtensions(reader: DerReader, what: string): Extensions {
  const wrapped = reader.optional(contextConstructed(1), what);
  if (wrapped === undefined) return new Map();
  const explicit = new DerReader(wrapped.content);
  const extensions = readExtensions(explicit.next(tags.sequence, what), (oid) => {
    throw new DerError(`${what}: ${oid} occurs twice`);
  });
  explicit.end(what);
  return extensions;
}

function readCertificates(wrapped: DerNode): Certificate[] {
  const explicit = new DerReader(wrapped.content);
  const nodes = new DerReader(explicit.next(tags.sequence, 'certs').content).all(tags.sequence, 'certs', 0);
  explicit.end('certs');
  if (nodes.length > maxCertificates) throw new DerError(`more than ${maxCertificates} certificates`);
  return nodes.map(readCertificate);
}

function readCertificate({ der }: DerNode): Certificate {
  try {
    return parseCertificate(der);
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new TrustError('OCSP_MALFORMED', `The OCSP answer holds a bad certificate: ${cause.message}`, {
      cause,
    });
  }
}

function refusal(code: TrustErrorCode, message: string): TrustError {
  return new TrustError(code, message);
}
