import { createHash } from 'node:crypto';
import { bitString, generalizedTime, objectIdentifier, octetString, sequence, tlv } from '../der/writer.js';
import { ocspBasicOid } from '../x509/oids.js';
import { type RevocationReason, reasonCodes } from '../x509/revocation-reason.js';

/** RFC 6960 4.2.1: what is answered without signature. */
const errorStatuses = { malformedRequest: 1, internalError: 2, tryLater: 3, unauthorized: 6 } as const;
export type OcspErrorStatus = keyof typeof errorStatuses;

/** Unsigned error answers, encoded once. */
export const errorResponses = Object.fromEntries(
  Object.entries(errorStatuses).map(([name, code]) => [name, sequence(tlv(0x0a, Buffer.of(code)))]),
) as Record<OcspErrorStatus, Buffer>;

const successful = tlv(0x0a, Buffer.of(0));
const basicType = objectIdentifier(ocspBasicOid);
const goodStatus = Buffer.of(0x80, 0x00);
const unknownStatus = Buffer.of(0x82, 0x00);

export type CertStatus =
  | { readonly status: 'good' }
  | { readonly status: 'unknown' }
  | { readonly status: 'revoked'; readonly at: Date; readonly reason: RevocationReason };

/** CertStatus (RFC 6960 4.2.1); an unspecified reason is left out, as in a CRL. */
export function encodeStatus(status: CertStatus): Buffer {
  if (status.status === 'good') return goodStatus;
  if (status.status === 'unknown') return unknownStatus;
  const time = generalizedTime(status.at);
  if (status.reason === 'unspecified') return tlv(0xa1, time);
  return tlv(0xa1, time, tlv(0xa0, tlv(0x0a, Buffer.of(reasonCodes[status.reason]))));
}

/** ResponderID byKey: SHA-1 of the responder's key bits, whatever else is hashed with (RFC 6960 4.2.1). */
export function responderId(keyBits: Uint8Array): Buffer {
  return tlv(0xa2, octetString(createHash('sha1').update(keyBits).digest()));
}

interface SingleAnswer {
  /** CertID as it was asked. */
  readonly certId: Uint8Array;
  /** From `encodeStatus`. */
  readonly status: Uint8Array;
}

export interface ResponseFields {
  /** From `responderId`. */
  readonly responderId: Uint8Array;
  readonly producedAt: Date;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly answers: readonly SingleAnswer[];
  /** Extension, whole. */
  readonly nonceExtension: Uint8Array | undefined;
}

/** ResponseData: the bytes to sign. */
export function encodeResponseData(fields: ResponseFields): Buffer {
  const thisUpdate = generalizedTime(fields.thisUpdate);
  const nextUpdate = tlv(0xa0, generalizedTime(fields.nextUpdate));
  const answers = fields.answers.map(({ certId, status }) =>
    sequence(certId, status, thisUpdate, nextUpdate),
  );
  const extensions = fields.nonceExtension === undefined ? [] : [tlv(0xa1, sequence(fields.nonceExtension))];
  return sequence(
    fields.responderId,
    generalizedTime(fields.producedAt),
    sequence(...answers),
    ...extensions,
  );
}

/** OCSPResponse around signed ResponseData; `certs` is the prepared `[0]` with the responder's certificate. */
export function encodeResponse(
  responseData: Uint8Array,
  algorithm: Uint8Array,
  signature: Uint8Array,
  certs: Uint8Array,
): Buffer {
  const basic = sequence(responseData, algorithm, bitString(signature), certs);
  return sequence(successful, tlv(0xa0, sequence(basicType, octetString(basic))));
}

/** `[0]` certs of a BasicOCSPResponse. */
export function responderCertificates(der: Uint8Array): Buffer {
  return tlv(0xa0, sequence(der));
}
