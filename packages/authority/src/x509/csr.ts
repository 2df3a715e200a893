import { createPublicKey, type KeyObject } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { assertMinimalInteger, DerError, DerReader, dottedOid, readOnly } from '../der/reader.js';
import { derNull, objectIdentifier, sequence } from '../der/writer.js';
import { AuthorityError } from '../error.js';
import { fromPem } from '../pem.js';
import { keyIdentifier, publicKeyBits, spkiOf } from './key.js';
import { type SignatureScheme, verifyBytes } from './signature.js';
import { readSubject, type Subject } from './subject.js';

/** A request whose key signed it and whose key and name are acceptable. Its wished-for extensions are never read. */
export interface CertificationRequest {
  /** The request itself, unpacked. */
  readonly der: Uint8Array;
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** RFC 7093 key identifier, lowercase hex. */
  readonly keyId: string;
}

export interface RequestRules {
  /** What the certificate is for: a plugin key must be RSA (Jami verifies RSA signatures only). */
  readonly use: 'organization' | 'plugin' | 'responder' | 'credential';
}

const maxRequestBytes = 16 * 1024;
const minRsaBits = 2048;
const maxRsaBits = 8192;

/**
 * AlgorithmIdentifiers of the keys that are accepted, octet by octet. Curves by name only: node takes spelt-out
 * parameters for the curve they resemble.
 */
const acceptedKeys: readonly Buffer[] = [
  sequence(objectIdentifier('1.2.840.113549.1.1.1'), derNull),
  ...['1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35'].map((curve) =>
    sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier(curve)),
  ),
  sequence(objectIdentifier('1.3.101.112')),
];

const schemes: Readonly<
  Record<string, { readonly key: string; readonly digest: SignatureScheme['digest'] }>
> = {
  '1.2.840.113549.1.1.11': { key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', digest: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', digest: 'sha512' },
  '1.3.101.112': { key: 'ed25519', digest: null },
};

/**
 * Reads and checks a PKCS#10 request (RFC 2986) as PEM or DER, plain or gzipped.
 * @throws {AuthorityError} CSR_TOO_LARGE | CSR_MALFORMED | CSR_ALGORITHM_UNSUPPORTED | CSR_KEY_UNSUPPORTED |
 *   CSR_KEY_TOO_WEAK | CSR_KEY_TOO_LARGE | CSR_KEY_NOT_RSA | CSR_SIGNATURE_INVALID | CSR_SUBJECT_INVALID |
 *   CSR_SERIAL_NUMBER_NOT_ALLOWED
 */
export async function readRequest(bytes: Uint8Array, rules: RequestRules): Promise<CertificationRequest> {
  const der = requestDer(bytes);
  const parts = readParts(der);
  const publicKey = readKey(parts.spki);
  assertKeyStrength(publicKey, rules);
  const scheme = schemes[parts.signatureOid];
  if (scheme === undefined) {
    throw new AuthorityError(
      'CSR_ALGORITHM_UNSUPPORTED',
      `The request is signed with an algorithm that is not accepted (${parts.signatureOid}).`,
    );
  }
  const holds =
    scheme.key === publicKey.asymmetricKeyType &&
    (await verifyBytes(publicKey, scheme.digest, parts.info, parts.signature));
  if (!holds) {
    throw new AuthorityError(
      'CSR_SIGNATURE_INVALID',
      'The request is not signed by the key it asks a certificate for, or was changed afterwards.',
    );
  }
  const subject = malformedWhenNotDer(() => readSubject(parts.subject));
  if (subject.some(({ name }) => name === 'serialNumber')) {
    throw new AuthorityError(
      'CSR_SERIAL_NUMBER_NOT_ALLOWED',
      'The serialNumber in the name is assigned by the authority: leave it out of the request.',
    );
  }
  return { der, subject, publicKey, spki: parts.spki, keyId: keyIdentifier(parts.spki).toString('hex') };
}

interface RequestParts {
  /** CertificationRequestInfo, whole: what is signed. */
  readonly info: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly signatureOid: string;
  readonly signature: Uint8Array;
}

function readParts(der: Uint8Array): RequestParts {
  return malformedWhenNotDer(() => {
    const request = new DerReader(readOnly(der, 0x30).content);
    const info = request.expect(0x30);
    const signatureOid = readAlgorithm(request.expect(0x30).content);
    const signature = wholeBits(request.expect(0x03).content);
    request.end();

    const fields = new DerReader(info.content);
    const version = fields.expect(0x02).content;
    assertMinimalInteger(version);
    if (version.length !== 1 || version[0] !== 0) throw new DerError('the version is not v1 (RFC 2986 4.1)');
    const subject = fields.expect(0x30).content;
    const spki = fields.expect(0x30).whole;
    const attributes = fields.optional(0xa0);
    fields.end();
    if (attributes !== undefined) assertAttributes(attributes.content);
    return { info: info.whole, subject, spki, signatureOid, signature };
  });
}

/** Only their form: an attribute could ask for cA TRUE, and what it asks is never looked at. */
function assertAttributes(content: Uint8Array): void {
  const attributes = new DerReader(content);
  while (!attributes.atEnd) {
    const attribute = new DerReader(attributes.expect(0x30).content);
    dottedOid(attribute.expect(0x06).content);
    attribute.expect(0x31);
    attribute.end();
  }
}

function readAlgorithm(content: Uint8Array): string {
  const reader = new DerReader(content);
  const oid = dottedOid(reader.expect(0x06).content);
  // RSA may carry NULL; parameters of any other kind belong to algorithms that are refused by their OID.
  if (!reader.atEnd) reader.next();
  reader.end();
  return oid;
}

function wholeBits(content: Uint8Array): Uint8Array {
  if (content[0] !== 0) throw new DerError('a bit string with unused bits');
  return content.subarray(1);
}

function requestDer(bytes: Uint8Array): Uint8Array {
  if (bytes.length > maxRequestBytes) throw tooLarge();
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipBounded(bytes) : bytes;
  if (plain[0] === 0x30) return plain;
  const blocks = fromPem(Buffer.from(plain).toString('latin1'), [
    'CERTIFICATE REQUEST',
    'NEW CERTIFICATE REQUEST',
  ]);
  const [der] = blocks ?? [];
  if (der === undefined || blocks?.length !== 1) {
    throw malformed('This is not one certificate request, neither PEM nor DER.');
  }
  return der;
}

function gunzipBounded(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxRequestBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(cause);
    throw malformed('The gzipped request cannot be unpacked.', cause);
  }
}

function readKey(spki: Uint8Array): KeyObject {
  const algorithm = malformedWhenNotDer(() => new DerReader(readOnly(spki, 0x30).content).expect(0x30).whole);
  const isAccepted = acceptedKeys.some((accepted) => accepted.equals(algorithm));
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    // Other encodings of the same key would give it a second identifier.
    const isCanonical = spkiOf(key).equals(spki) && !isCompressed(key);
    if (isAccepted && isCanonical) return key;
  } catch (cause) {
    throw new AuthorityError('CSR_KEY_UNSUPPORTED', 'The public key of the request cannot be read.', {
      cause,
    });
  }
  throw new AuthorityError(
    'CSR_KEY_UNSUPPORTED',
    'A key of this kind or encoding is not accepted: use RSA, P-256, P-384, P-521 or Ed25519 in the usual form.',
  );
}

/** RFC 5480 2.2: the uncompressed form is the one everybody reads. */
const isCompressed = (key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ec' && publicKeyBits(spkiOf(key))[0] !== 0x04;

function assertKeyStrength(key: KeyObject, { use }: RequestRules): void {
  if (key.asymmetricKeyType === 'rsa') {
    assertRsa(key);
    return;
  }
  if (use !== 'plugin') return;
  throw new AuthorityError(
    'CSR_KEY_NOT_RSA',
    'A plugin key must be RSA of at least 2048 bits: clients verify RSA signatures of files.',
  );
}

function assertRsa(key: KeyObject): void {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < minRsaBits) {
    throw new AuthorityError(
      'CSR_KEY_TOO_WEAK',
      `The RSA key has ${modulusLength} bits; at least ${minRsaBits} are needed.`,
    );
  }
  if (modulusLength > maxRsaBits) {
    throw new AuthorityError(
      'CSR_KEY_TOO_LARGE',
      `The RSA key has ${modulusLength} bits; at most ${maxRsaBits} are accepted.`,
    );
  }
  // FIPS 186-5 5.1: odd, above 2^16. With e = 1 everybody could sign.
  if (publicExponent < 65537n || publicExponent % 2n === 0n) {
    throw new AuthorityError(
      'CSR_KEY_TOO_WEAK',
      'The public exponent of the RSA key is below 65537 or even.',
    );
  }
}

function malformedWhenNotDer<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) {
      throw malformed(`The certificate request is not well formed: ${error.message}.`, error);
    }
    throw error;
  }
}

const malformed = (message: string, cause?: unknown): AuthorityError =>
  new AuthorityError('CSR_MALFORMED', message, { cause });

const tooLarge = (cause?: unknown): AuthorityError =>
  new AuthorityError('CSR_TOO_LARGE', `A certificate request may have at most ${maxRequestBytes} bytes.`, {
    cause,
  });
