/** Writes CRLs byte by byte, for tests of what `openssl` does not make. */
import { sign } from 'node:crypto';
import {
  bitString,
  type Der,
  ecdsaSha256,
  extension,
  hex,
  integer,
  sequence,
  text,
  tlv,
} from '../certificate/forge-fixtures.js';
import type { Issuer } from '../path/path-fixtures.js';
import type { CertificateList } from './certificate-list.js';
import { parseCrl } from './parse-crl.js';

export interface EntryWish {
  /** Content octets. */
  readonly serial: Uint8Array;
  readonly extensions?: readonly Der[];
}

export interface CrlWish {
  /** Who signs, and whose name it carries. */
  readonly issuer: Issuer;
  readonly entries?: readonly EntryWish[];
  readonly extensions?: readonly Der[];
  readonly thisUpdate?: string;
  /** Empty: none. */
  readonly nextUpdate?: string;
  readonly version?: Der;
  readonly innerAlgorithm?: Der;
  readonly outerAlgorithm?: Der;
  readonly extraTbs?: Der;
}

export const reason = (code: number): Buffer => extension('2.5.29.21', tlv(0x0a, Buffer.from([code])));
export const entryIssuer = (...names: Der[]): Buffer => extension('2.5.29.29', sequence(...names), true);
export const crlNumber = (value: number): Buffer => extension('2.5.29.20', integer(value));
export const deltaFrom = (value: number): Buffer => extension('2.5.29.27', integer(value), true);

export interface Scope {
  /** DistributionPointName: [0] or [1]. */
  readonly name?: Der;
  readonly onlyUser?: boolean;
  readonly onlyCa?: boolean;
  /** BIT STRING contents. */
  readonly reasons?: string;
  readonly indirect?: boolean;
  readonly onlyAttribute?: boolean;
}

const flag = (tag: number, set: boolean | undefined): Buffer[] => (set === true ? [tlv(tag, hex('ff'))] : []);

export function issuingPoint(scope: Scope, critical = true): Buffer {
  const fields = [
    ...(scope.name === undefined ? [] : [tlv(0xa0, scope.name)]),
    ...flag(0x81, scope.onlyUser),
    ...flag(0x82, scope.onlyCa),
    ...(scope.reasons === undefined ? [] : [tlv(0x83, hex(scope.reasons))]),
    ...flag(0x84, scope.indirect),
    ...flag(0x85, scope.onlyAttribute),
  ];
  return extension('2.5.29.28', sequence(...fields), critical);
}

export const fullName = (...names: Der[]): Buffer => tlv(0xa0, ...names);

export interface PointWish {
  readonly name?: Der;
  /** BIT STRING contents. */
  readonly reasons?: string;
  readonly crlIssuer?: Der;
}

/** cRLDistributionPoints. */
export function points(...wishes: readonly PointWish[]): Buffer {
  const items = wishes.map(({ name, reasons, crlIssuer }) =>
    sequence(
      ...(name === undefined ? [] : [tlv(0xa0, name)]),
      ...(reasons === undefined ? [] : [tlv(0x81, hex(reasons))]),
      ...(crlIssuer === undefined ? [] : [tlv(0xa2, crlIssuer)]),
    ),
  );
  return extension('2.5.29.31', sequence(...items));
}

/** One CRL, signed with ECDSA and SHA-256. */
export function forgeCrl(wish: CrlWish): Buffer {
  const entries = (wish.entries ?? []).map(({ serial, extensions = [] }) =>
    sequence(
      tlv(0x02, serial),
      text(0x17, '260301000000Z'),
      ...(extensions.length === 0 ? [] : [sequence(...extensions)]),
    ),
  );
  const algorithm = wish.innerAlgorithm ?? ecdsaSha256;
  const next = wish.nextUpdate ?? '260701000000Z';
  const tbs = sequence(
    wish.version ?? integer(1),
    algorithm,
    wish.issuer.subject,
    text(0x17, wish.thisUpdate ?? '260501000000Z'),
    ...(next === '' ? [] : [text(0x17, next)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(wish.extensions === undefined ? [] : [tlv(0xa0, sequence(...wish.extensions))]),
    wish.extraTbs ?? hex(''),
  );
  return sequence(
    tbs,
    wish.outerAlgorithm ?? algorithm,
    bitString(sign('sha256', tbs, wish.issuer.key.privateKey)),
  );
}

export function makeCrl(wish: CrlWish): CertificateList {
  return parseCrl(forgeCrl(wish));
}
