import { createPublicKey, type KeyObject } from 'node:crypto';
import { TrustError } from '../error.js';
import type { PublicKey } from './certificate.js';
import { type DerLimits, type DerNode, DerReader, readDer, tags } from './der.js';
import { DerError } from './der-error.js';
import { oidOf, unsignedOf, wholeOctetsOf } from './der-value.js';

const keyLimits: DerLimits = { maxBytes: 1 << 16, maxDepth: 4, maxElements: 16 };

const namedCurves: ReadonlyMap<string, { curve: NonNullable<PublicKey['curve']>; octets: number }> = new Map([
  ['1.2.840.10045.3.1.7', { curve: 'P-256', octets: 32 }],
  ['1.3.132.0.34', { curve: 'P-384', octets: 48 }],
  ['1.3.132.0.35', { curve: 'P-521', octets: 66 }],
]);

type KeyFacts = Pick<PublicKey, 'algorithm' | 'curve' | 'modulusBits' | 'exponentBits'>;

/**
 * Reads SubjectPublicKeyInfo (RFC 5280 4.1.2.7). A key of another kind than RSA, P-256/384/521 and Ed25519
 * is kept under its OID: it may stand in a certificate, and never verifies.
 */
export function readPublicKey(node: DerNode): PublicKey {
  const reader = DerReader.of(node, tags.sequence, 'subjectPublicKeyInfo');
  const algorithm = reader.sequence('public key algorithm');
  const bits = wholeOctetsOf(reader.next(tags.bitString, 'subjectPublicKey').content);
  reader.end('subjectPublicKeyInfo');
  const oid = oidOf(algorithm.next(tags.oid, 'public key algorithm').content);
  const parameters = algorithm.done ? undefined : algorithm.any('key parameters');
  algorithm.end('public key algorithm');
  const facts = readKeyFacts(oid, parameters, bits);
  let made: KeyObject | undefined;
  return Object.freeze({
    spki: node.der,
    bits,
    ...facts,
    get keyObject(): KeyObject {
      made ??= makeKeyObject(node.der, facts.algorithm);
      return made;
    },
  });
}

function readKeyFacts(oid: string, parameters: DerNode | undefined, bits: Uint8Array): KeyFacts {
  switch (oid) {
    // RFC 3279 2.3.1: parameters are NULL.
    case '1.2.840.113549.1.1.1':
      if (parameters?.tag !== tags.null) throw new DerError('RSA key parameters are not NULL');
      return { algorithm: 'rsa', ...readRsaBits(bits) };
    case '1.2.840.10045.2.1':
      return readCurve(parameters, bits);
    // RFC 8410 3: parameters are absent.
    case '1.3.101.112':
      if (parameters !== undefined || bits.length !== 32) throw new DerError('Ed25519 key is malformed');
      return { algorithm: 'ed25519' };
    default:
      return { algorithm: oid };
  }
}

function readRsaBits(bits: Uint8Array): { modulusBits: number; exponentBits: number } {
  const reader = DerReader.of(readDer(bits, keyLimits), tags.sequence, 'RSAPublicKey');
  const modulus = unsignedOf(reader.next(tags.integer, 'modulus').content);
  const exponent = unsignedOf(reader.next(tags.integer, 'publicExponent').content);
  reader.end('RSAPublicKey');
  // RFC 8017 3.1: both odd, the exponent between 3 and the modulus.
  if (modulus % 2n === 0n || exponent % 2n === 0n || exponent < 3n || exponent >= modulus)
    throw new DerError('RSA key that cannot be one');
  return { modulusBits: bitLength(modulus), exponentBits: bitLength(exponent) };
}

function bitLength(number: bigint): number {
  return number.toString(2).length;
}

// RFC 5480 2.1.1: a named curve; 2.2: an uncompressed or compressed point.
function readCurve(parameters: DerNode | undefined, bits: Uint8Array): KeyFacts {
  if (parameters?.tag !== tags.oid) return { algorithm: 'ec' };
  const named = namedCurves.get(oidOf(parameters.content));
  if (named === undefined) return { algorithm: 'ec' };
  const [form] = bits;
  const uncompressed = form === 0x04 && bits.length === 1 + 2 * named.octets;
  const compressed = (form === 0x02 || form === 0x03) && bits.length === 1 + named.octets;
  if (!uncompressed && !compressed) throw new DerError('EC point is malformed');
  return { algorithm: 'ec', curve: named.curve };
}

function makeKeyObject(spki: Uint8Array, algorithm: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new TrustError('KEY_UNSUPPORTED', `The public key (${algorithm}) cannot be used.`, { cause });
  }
}
