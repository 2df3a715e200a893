import { type KeyObject, sign } from 'node:crypto';
import type { Certificate } from '../certificate/certificate.js';
import {
  type CertificateIdHash,
  certificateIdHashOids,
  certificateIdOf,
  keyHashOf,
} from './certificate-id.js';
import { derElement, derOid } from './der-writer.js';

/** Builds OCSP answers that no honest responder would give. Every part can be replaced by any bytes. */
export interface ForgedResponse {
  readonly responseStatus?: number;
  readonly responseType?: string;
  readonly version?: number;
  readonly responderId?: Buffer;
  readonly producedAt?: Date;
  readonly answers?: readonly Buffer[];
  readonly extensions?: readonly Buffer[];
  readonly algorithm?: Buffer;
  readonly unusedBits?: number;
  readonly signWith: (tbs: Uint8Array) => Uint8Array;
  readonly certificates?: readonly Uint8Array[];
}

export const sequence = (...parts: readonly Uint8Array[]) => derElement(0x30, ...parts);
export const explicit = (number: number, ...parts: readonly Uint8Array[]) =>
  derElement(0xa0 | number, ...parts);
export const octets = (bytes: Uint8Array) => derElement(0x04, bytes);
export const time = (date: Date, tag = 0x18) =>
  derElement(tag, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));

const ecdsaSha256 = sequence(derOid('1.2.840.10045.4.3.2'));
export const byKey = (certificate: Certificate) => explicit(2, octets(keyHashOf(certificate)));
export const byName = (certificate: Certificate) => explicit(1, certificate.subject.der);
export const signerOf =
  (key: KeyObject, hash: string | null = 'sha256') =>
  (tbs: Uint8Array) =>
    sign(hash, tbs, key);

const good = derElement(0x80);
export const unknown = derElement(0x82);
export const revoked = (at: Date, reason?: number) =>
  explicit(1, time(at), ...(reason === undefined ? [] : [explicit(0, derElement(0x0a, Buffer.of(reason)))]));

export function extension(oid: string, value: Uint8Array, critical = false): Buffer {
  return sequence(derOid(oid), ...(critical ? [derElement(0x01, Buffer.of(0xff))] : []), octets(value));
}

export function certificateId(
  certificate: Certificate,
  issuer: Certificate,
  hash: CertificateIdHash = 'sha1',
): Buffer {
  const id = certificateIdOf(certificate, issuer, hash);
  const algorithm = sequence(derOid(certificateIdHashOids[hash]), derElement(0x05));
  return sequence(
    algorithm,
    octets(id.issuerNameHash),
    octets(id.issuerKeyHash),
    derElement(0x02, id.serialNumber),
  );
}

export interface ForgedAnswer {
  readonly id: Buffer;
  readonly status?: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  readonly extensions?: readonly Buffer[];
}

export function answer({ id, status = good, thisUpdate, nextUpdate, extensions }: ForgedAnswer): Buffer {
  return sequence(
    id,
    status,
    time(thisUpdate),
    ...(nextUpdate === undefined ? [] : [explicit(0, time(nextUpdate))]),
    ...(extensions === undefined ? [] : [explicit(1, sequence(...extensions))]),
  );
}

/** BasicOCSPResponse. */
export function basicResponse(forged: ForgedResponse): Buffer {
  const tbs = sequence(
    ...(forged.version === undefined ? [] : [explicit(0, derElement(0x02, Buffer.of(forged.version)))]),
    forged.responderId ?? Buffer.alloc(0),
    time(forged.producedAt ?? new Date(0)),
    sequence(...(forged.answers ?? [])),
    ...(forged.extensions === undefined ? [] : [explicit(1, sequence(...forged.extensions))]),
  );
  const signature = derElement(0x03, Buffer.of(forged.unusedBits ?? 0), forged.signWith(tbs));
  const { certificates } = forged;
  const certs = certificates === undefined ? [] : [explicit(0, sequence(...certificates))];
  return sequence(tbs, forged.algorithm ?? ecdsaSha256, signature, ...certs);
}

/** OCSPResponse around a BasicOCSPResponse or whatever stands for it. */
export function wrapped(
  basic: Uint8Array,
  responseStatus = 0,
  responseType = '1.3.6.1.5.5.7.48.1.1',
): Buffer {
  const bytes = explicit(0, sequence(derOid(responseType), octets(basic)));
  return sequence(derElement(0x0a, Buffer.of(responseStatus)), bytes);
}

export function forge(forged: ForgedResponse): Buffer {
  return wrapped(basicResponse(forged), forged.responseStatus, forged.responseType);
}
