/** Makes the parts of forged paths that several judges are asked about (forged-path-table-fixtures.ts). */
import { createHash } from 'node:crypto';
import {
  altNames,
  ca,
  cn,
  type Der,
  extension,
  type Forgery,
  forge,
  hex,
  type KeyPair,
  name,
  newKey,
  newRsaKey,
  octetString,
  oid,
  sequence,
  tlv,
  validity,
} from '../certificate/forge-fixtures.js';
import type { Issuer } from './path-fixtures.js';

/** Certificates as DER: plugin first, then intermediates, then the anchor. */
export type Chain = readonly Der[];

export interface ForgedPath {
  readonly what: string;
  readonly chain: Chain;
  /** `accepted`, or our code. */
  readonly ours: string;
  /** Why another judge says otherwise; absent: it agrees. */
  readonly openssl?: string | undefined;
  readonly gnutls?: string | undefined;
}

export const fixtureTime = new Date('2026-06-01T00:00:00Z');
const always = validity('200101000000Z', '491231235959Z');

export const keyUsage = (bits: string): Der => extension('2.5.29.15', hex(bits), true);
export const mayIssue = keyUsage('03020106');
export const maySign = keyUsage('03020780');
const identifier = ({ spki }: KeyPair): Buffer => createHash('sha1').update(spki).digest();
const subjectKey = (key: KeyPair): Der => extension('2.5.29.14', octetString(identifier(key)));
export const authorityKey = (key: KeyPair): Der =>
  extension('2.5.29.35', sequence(tlv(0x80, identifier(key))));

export const root: Issuer = { subject: cn('Forged Root'), key: newKey() };
export const org: Issuer = {
  subject: name(['2.5.4.10', 'Forged Org'], ['2.5.4.3', 'Issuing']),
  key: newKey(),
};
export const sub: Issuer = { subject: cn('Forged Sub'), key: newKey() };
export const leaf: Issuer = {
  subject: name(['2.5.4.10', 'Forged Org'], ['2.5.4.3', 'Plugin']),
  key: newKey(),
};

type Wish = Partial<Forgery>;

export const certify = (who: Issuer, issuer: Issuer, extensions: readonly Der[], wish: Wish = {}): Buffer =>
  forge({ ...who, issuer, validity: always, extensions: [...extensions, subjectKey(who.key)], ...wish });
const rootBy = (wish: Wish = {}, extensions: readonly Der[] = [ca(), mayIssue]): Buffer =>
  certify(root, root, extensions, wish);
export const orgBy = (wish: Wish = {}, extensions: readonly Der[] = [ca(), mayIssue]): Buffer =>
  certify(org, root, [...extensions, authorityKey(root.key)], wish);
export const leafBy = (wish: Wish = {}, ...more: readonly Der[]): Buffer =>
  certify(leaf, org, [maySign, authorityKey(org.key), ...more], wish);

export const honestRoot = rootBy();
export const honestOrg = orgBy();
export const honestLeaf = leafBy();

export const withLeaf = (wish: Wish, ...more: readonly Der[]): Chain => [
  leafBy(wish, ...more),
  honestOrg,
  honestRoot,
];
export const withOrg = (wish: Wish, extensions?: readonly Der[]): Chain => [
  honestLeaf,
  orgBy(wish, extensions),
  honestRoot,
];
export const withRoot = (wish: Wish, extensions?: readonly Der[]): Chain => [
  honestLeaf,
  honestOrg,
  rootBy(wish, extensions),
];
export const constrained = (constraints: Der, ...names: readonly Der[]): Chain => [
  leafBy({}, ...(names.length === 0 ? [] : [altNames(...names)])),
  orgBy({}, [ca(), mayIssue, constraints]),
  honestRoot,
];
export const fourLevels = (rootLength: number | undefined, orgLength: number | undefined): Chain => [
  certify(leaf, sub, [maySign, authorityKey(sub.key)]),
  certify(sub, org, [ca(), mayIssue, authorityKey(org.key)]),
  orgBy({}, [ca(orgLength), mayIssue]),
  rootBy({}, [ca(rootLength), mayIssue]),
];

export const past = validity('200101000000Z', '200102000000Z');
export const future = validity('491230000000Z', '491231000000Z');
export const unknownCritical = extension('1.2.3.4.5', hex('0500'), true);
export const sha1Ecdsa = sequence(oid('1.2.840.10045.4.1'));
const rsaSha256 = sequence(oid('1.2.840.113549.1.1.11'), hex('0500'));
export const explicitPolicy = extension('2.5.29.36', sequence(tlv(0x80, hex('00'))), true);

export function rolledOver(): Chain {
  const newer: Issuer = { subject: org.subject, key: newKey() };
  return [
    certify(leaf, newer, [maySign, authorityKey(newer.key)]),
    certify(newer, org, [ca(), mayIssue, authorityKey(org.key)]),
    orgBy({}, [ca(0), mayIssue]),
    honestRoot,
  ];
}

export function underRsa(bits: number): Chain {
  const issuer: Issuer = { subject: org.subject, key: newRsaKey(bits) };
  return [
    certify(leaf, issuer, [maySign, authorityKey(issuer.key)], { innerAlgorithm: rsaSha256 }),
    certify(issuer, root, [ca(), mayIssue, authorityKey(root.key)]),
    honestRoot,
  ];
}

export function respelt(): Chain {
  const shouting: Issuer = {
    subject: name(['2.5.4.10', 'FORGED  ORG', 0x13], ['2.5.4.3', 'issuing', 0x13]),
    key: org.key,
  };
  return [certify(leaf, shouting, [maySign, authorityKey(org.key)]), honestOrg, honestRoot];
}

export const flipped = (der: Der): Buffer => {
  const bytes = Buffer.from(der);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return bytes;
};
