import { type DerNode, DerReader, tags } from './der.js';
import { oidOf, wholeOctetsOf } from './der-value.js';

/** What certificates and CRLs share (RFC 5280 4.1.1, 5.1.1): the signed part, the algorithm beside it, the signature. */
export interface SignedEnvelope {
  readonly tbs: DerNode;
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
}

/** SEQUENCE { signed part, AlgorithmIdentifier, BIT STRING }, and nothing behind it. */
export function readSignedEnvelope(node: DerNode, what: string): SignedEnvelope {
  const reader = DerReader.of(node, tags.sequence, what);
  const tbs = reader.next(tags.sequence, `signed part of ${what}`);
  const signatureAlgorithm = readAlgorithm(reader.next(tags.sequence, 'signatureAlgorithm'));
  const signature = wholeOctetsOf(reader.next(tags.bitString, 'signatureValue').content);
  reader.end(what);
  return { tbs, signatureAlgorithm, signature };
}

/** AlgorithmIdentifier: its OID, and all of it as DER. */
export function readAlgorithm(node: DerNode): { readonly oid: string; readonly der: Uint8Array } {
  const reader = DerReader.of(node, tags.sequence, 'algorithm');
  const oid = oidOf(reader.next(tags.oid, 'algorithm').content);
  if (!reader.done) reader.any('parameters');
  reader.end('algorithm');
  return Object.freeze({ oid, der: node.der });
}
