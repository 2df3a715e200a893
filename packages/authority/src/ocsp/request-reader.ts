import { DerError, DerReader, dottedOid, readOnly } from '../der/reader.js';
import { extensionOids } from '../x509/oids.js';

/** Which certificate is asked about (RFC 6960 4.1.1). */
export interface CertId {
  /** As it was sent: the answer repeats it octet by octet. */
  readonly der: Uint8Array;
  readonly hash: 'sha1' | 'sha256' | undefined;
  /** Hash of the issuer's name and of its key, one after the other, latin1. */
  readonly nameAndKeyHash: string;
  /** Hex of the INTEGER's content. */
  readonly serial: string;
}

export interface OcspRequest {
  readonly der: Uint8Array;
  readonly certIds: readonly CertId[];
  /** The nonce extension's Extension, whole, to be repeated. */
  readonly nonceExtension: Uint8Array | undefined;
}

/** A request that the responder answers with `malformedRequest`. */
export class MalformedOcspRequest extends Error {
  override readonly name = 'MalformedOcspRequest';
}

export const maxOcspRequestBytes = 4096;
const maxCertIds = 16;
const maxNonceOctets = 32;

const hashes: Readonly<Record<string, 'sha1' | 'sha256'>> = {
  '2b0e03021a': 'sha1',
  '608648016503040201': 'sha256',
};

/**
 * Reads an OCSPRequest, bounded (RFC 6960 4.1). Its optional signature is not asked for and not looked at.
 * @throws {MalformedOcspRequest}
 */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  if (der.length > maxOcspRequestBytes) throw new MalformedOcspRequest('the request is too large');
  try {
    const outer = new DerReader(readOnly(der, 0x30).content);
    const tbs = new DerReader(outer.expect(0x30).content);
    outer.optional(0xa0);
    outer.end();
    assertVersion(tbs.optional(0xa0)?.content);
    tbs.optional(0xa1);
    const certIds = readCertIds(tbs.expect(0x30).content);
    const extensions = tbs.optional(0xa2);
    tbs.end();
    const nonceExtension = extensions === undefined ? undefined : readExtensions(extensions.content);
    return { der, certIds, nonceExtension };
  } catch (cause) {
    if (cause instanceof DerError) throw new MalformedOcspRequest(cause.message, { cause });
    throw cause;
  }
}

function assertVersion(content: Uint8Array | undefined): void {
  if (content === undefined) return;
  const version = readOnly(content, 0x02).content;
  if (version.length !== 1 || version[0] !== 0) throw new MalformedOcspRequest('not version 1');
}

function readCertIds(content: Uint8Array): CertId[] {
  const list = new DerReader(content);
  const certIds: CertId[] = [];
  while (!list.atEnd) {
    if (certIds.length === maxCertIds) throw new MalformedOcspRequest(`more than ${maxCertIds} certificates`);
    const request = new DerReader(list.expect(0x30).content);
    certIds.push(readCertId(request.expect(0x30)));
    const extensions = request.optional(0xa0);
    request.end();
    if (extensions !== undefined) readExtensions(extensions.content);
  }
  if (certIds.length === 0) throw new MalformedOcspRequest('no certificate is asked about');
  return certIds;
}

function readCertId({ whole, content }: { whole: Uint8Array; content: Uint8Array }): CertId {
  const reader = new DerReader(content);
  const algorithm = new DerReader(reader.expect(0x30).content);
  const oid = Buffer.from(algorithm.expect(0x06).content).toString('hex');
  // Absent or NULL (RFC 5754 2): anything else would be another algorithm, and would multiply prepared answers.
  const parameters = algorithm.optional(0x05);
  algorithm.end();
  if (parameters !== undefined && parameters.content.length > 0) throw new DerError('NULL with content');
  const nameHash = reader.expect(0x04).content;
  const keyHash = reader.expect(0x04).content;
  const serial = reader.expect(0x02).content;
  reader.end();
  if (serial.length === 0 || serial.length > 32)
    throw new MalformedOcspRequest('a serial number of no length');
  return {
    der: whole,
    hash: hashes[oid],
    nameAndKeyHash: Buffer.from(nameHash).toString('latin1') + Buffer.from(keyHash).toString('latin1'),
    serial: Buffer.from(serial).toString('hex'),
  };
}

/** Finds the nonce; a critical extension that is not understood makes the request unanswerable (RFC 6960 4.4). */
function readExtensions(content: Uint8Array): Uint8Array | undefined {
  const list = new DerReader(readOnly(content, 0x30).content);
  let nonce: Uint8Array | undefined;
  while (!list.atEnd) {
    const whole = list.expect(0x30);
    const fields = new DerReader(whole.content);
    const oid = dottedOid(fields.expect(0x06).content);
    const critical = fields.optional(0x01)?.content[0] === 0xff;
    const value = fields.expect(0x04).content;
    fields.end();
    if (oid === extensionOids.ocspNonce) {
      if (nonce !== undefined) throw new MalformedOcspRequest('two nonces');
      assertNonce(value);
      nonce = whole.whole;
    } else if (critical) {
      throw new MalformedOcspRequest(`a critical extension that is not known: ${oid}`);
    }
  }
  return nonce;
}

/** RFC 8954 2.1: Nonce ::= OCTET STRING (SIZE (1..32)). */
function assertNonce(value: Uint8Array): void {
  const { length } = readOnly(value, 0x04).content;
  if (length < 1 || length > maxNonceOctets) throw new MalformedOcspRequest(`a nonce of ${length} octets`);
}
