import { type Static, Type } from 'typebox';
import { Instant, IssuerId, RevocationReasonName } from './authority-api.js';

/** Media types of the authority's public listener (RFC 6960 appendix A, RFC 5280 4.2.1.13, RFC 8555 9.1). */
export const ocspRequestMediaType = 'application/ocsp-request';
export const ocspResponseMediaType = 'application/ocsp-response';
export const crlMediaType = 'application/pkix-crl';
export const pemMediaType = 'application/x-pem-file';
export const eventStreamMediaType = 'text/event-stream';

/** Paths of the public listener. An issuer id is `root` or a key identifier of 40 hex digits. */
export const authorityPublicPaths = {
  ocsp: '/ocsp',
  crl: (issuerId: string): string => `/crl/${issuerId}`,
  root: '/root.pem',
  /** GET with a `RevocationQuery`: a `RevocationPage`. */
  revocations: '/v1/revocations',
  /** GET: server-sent events, see `revocationEventName`. */
  revocationEvents: '/v1/revocations/events',
  live: '/health/live',
  /** 200 when answers can be given, else 503. */
  ready: '/health/ready',
} as const;

/**
 * One revocation, as the CRL carries it too. A hint for those who keep answers: it is not signed, so whoever hears it asks OCSP
 * before acting for good. It is told after the revocation is on the disk and the prepared answers are dropped.
 */
export const RevocationNotice = Type.Object({
  sequence: Type.Integer({ minimum: 1, description: 'Position among the revocations, from 1' }),
  issuer: IssuerId,
  serialNumber: Type.String({ description: 'Hex, lowercase' }),
  fingerprint: Type.String({ description: 'SHA-256 of the certificate, hex' }),
  at: Instant,
  reason: RevocationReasonName,
});
export type RevocationNotice = Static<typeof RevocationNotice>;

export const RevocationQuery = Type.Object(
  {
    /** Only revocations after this sequence; above `latest` (the authority was restored from an old copy) it begins at 1. */
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  { additionalProperties: false },
);
export type RevocationQuery = Static<typeof RevocationQuery>;

export const RevocationPage = Type.Object({
  revocations: Type.Array(RevocationNotice),
  /** Sequence of the latest revocation there is; 0 when there is none. */
  latest: Type.Integer({ minimum: 0 }),
  /** `after` of the next page; absent on the last. */
  next: Type.Optional(Type.Integer()),
});
export type RevocationPage = Static<typeof RevocationPage>;

/**
 * Names of the server-sent events. The stream begins with one `ready` (data: `RevocationStreamStart`); each revocation follows as
 * one `revocation` (data: `RevocationNotice`, id: its sequence). `Last-Event-ID` or `?after=N` resumes after that sequence; without
 * either the stream tells what comes from now on. A comment line is sent at least every `revocationHeartbeatMs`.
 */
export const revocationEventName = { ready: 'ready', revocation: 'revocation' } as const;
export const revocationHeartbeatMs = 10_000;

export const RevocationStreamStart = Type.Object({
  latest: Type.Integer({ minimum: 0 }),
});
export type RevocationStreamStart = Static<typeof RevocationStreamStart>;
