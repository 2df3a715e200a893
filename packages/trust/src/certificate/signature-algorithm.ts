import { contextConstructed, type DerLimits, DerReader, readDer, tags } from './der.js';
import { counterOf, oidOf } from './der-value.js';

type Hash = 'sha256' | 'sha384' | 'sha512';

/** How a signature is to be verified; `key` is the kind of key it asks for. */
export interface SignatureScheme {
  readonly key: 'rsa' | 'ec' | 'ed25519';
  readonly hash: Hash | undefined;
  /** RSASSA-PSS with MGF1 over the same hash and this salt length; absent = PKCS #1 v1.5. */
  readonly pssSaltLength?: number | undefined;
}

const algorithmLimits: DerLimits = { maxBytes: 256, maxDepth: 8, maxElements: 32 };

const rsaHashes: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
]);
const ecdsaHashes: ReadonlyMap<string, Hash> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);
const digestHashes: ReadonlyMap<string, Hash> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const digestLengths: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const ed25519 = '1.3.101.112';

/**
 * The scheme an AlgorithmIdentifier names, or undefined for one that is not accepted here (SHA-1, MD5, DSA, …).
 * @throws {DerError} an accepted algorithm with parameters it cannot have
 */
export function signatureSchemeOf(algorithmIdentifier: Uint8Array): SignatureScheme | undefined {
  const reader = DerReader.of(
    readDer(algorithmIdentifier, algorithmLimits),
    tags.sequence,
    'signature algorithm',
  );
  const oid = oidOf(reader.next(tags.oid, 'signature algorithm').content);
  const rsaHash = rsaHashes.get(oid);
  if (rsaHash !== undefined) {
    // RFC 4055 5: parameters are NULL, and absent ones must be accepted too.
    reader.optional(tags.null, 'RSA parameters');
    reader.end('RSA signature algorithm');
    return { key: 'rsa', hash: rsaHash };
  }
  const ecdsaHash = ecdsaHashes.get(oid);
  if (ecdsaHash !== undefined || oid === ed25519) {
    // RFC 5758 3.2, RFC 8410 3: parameters are absent.
    reader.end('signature algorithm');
    return ecdsaHash === undefined ? { key: 'ed25519', hash: undefined } : { key: 'ec', hash: ecdsaHash };
  }
  return oid === rsassaPss ? readPss(reader) : undefined;
}

// RFC 4055 3.1: one SHA-2 hash for message and mask, trailer 1; the defaults are SHA-1. A salt as long as the hash or longer:
// OpenSSL before 3.1 takes the longest that fits.
function readPss(algorithm: DerReader): SignatureScheme | undefined {
  const reader = algorithm.sequence('RSASSA-PSS parameters');
  algorithm.end('signature algorithm');
  const hash = readHash(reader.optional(contextConstructed(0), 'hashAlgorithm')?.content);
  const mask = reader.optional(contextConstructed(1), 'maskGenAlgorithm')?.content;
  const salt = reader.optional(contextConstructed(2), 'saltLength')?.content;
  reader.end('RSASSA-PSS parameters');
  if (hash === undefined || mask === undefined || salt === undefined) return undefined;
  const generator = explicit(mask, 'maskGenAlgorithm');
  if (oidOf(generator.next(tags.oid, 'maskGenAlgorithm').content) !== mgf1) return undefined;
  const maskHash = readHash(generator.next(tags.sequence, 'mask hash').der);
  generator.end('maskGenAlgorithm');
  const saltReader = new DerReader(salt);
  const saltLength = counterOf(saltReader.next(tags.integer, 'saltLength').content);
  saltReader.end('saltLength');
  if (maskHash !== hash || saltLength < digestLengths[hash]) return undefined;
  return { key: 'rsa', hash, pssSaltLength: saltLength };
}

function readHash(content: Uint8Array | undefined): Hash | undefined {
  if (content === undefined) return undefined;
  const reader = explicit(content, 'hash algorithm');
  const hash = digestHashes.get(oidOf(reader.next(tags.oid, 'hash algorithm').content));
  reader.optional(tags.null, 'hash parameters');
  reader.end('hash algorithm');
  return hash;
}

function explicit(content: Uint8Array, what: string): DerReader {
  const outer = new DerReader(content);
  const inner = outer.sequence(what);
  outer.end(what);
  return inner;
}
