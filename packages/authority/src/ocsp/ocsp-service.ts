import { createHash } from 'node:crypto';
import { wholeSecond } from '../issuing/validity.js';
import type { Entry, IssuerState, Registry } from '../ledger/registry.js';
import { signBytes } from '../x509/signature.js';
import { type CertId, MalformedOcspRequest, type OcspRequest, readOcspRequest } from './request-reader.js';
import type { Responder, ResponderKeys } from './responder-keys.js';
import {
  type CertStatus,
  encodeResponse,
  encodeResponseData,
  encodeStatus,
  errorResponses,
  type OcspErrorStatus,
} from './response-layout.js';

/** An OCSPResponse ready to send. */
export interface OcspAnswer {
  readonly der: Buffer;
  readonly status: 'successful' | OcspErrorStatus;
  /** Present where the answer carries no nonce and may be kept by caches (RFC 5019 6). */
  readonly caching?: OcspCaching | undefined;
}

export interface OcspCaching {
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Until then caches may give it out: later it would no longer count as fresh for an install. */
  readonly freshUntil: Date;
}

interface PreparedAnswer {
  readonly answer: OcspAnswer;
  readonly caching: OcspCaching;
  readonly responder: Responder;
  readonly revocation: Entry['revocation'];
}

export interface OcspServiceOptions {
  readonly registry: Registry;
  readonly responders: ResponderKeys;
  readonly validityMs: number;
}

/** Prepared answers are replaced at this age: half of what clients take for fresh without a nonce. */
const prepareAgainMs = 30 * 60 * 1000;
/** Clients take an answer without nonce for fresh up to this age. */
const freshMs = 60 * 60 * 1000;
const maxPrepared = 20_000;

const unsigned = Object.fromEntries(
  Object.entries(errorResponses).map(([status, der]) => [status, { der, status }]),
) as Record<OcspErrorStatus, OcspAnswer>;

/**
 * Answers OCSP requests (RFC 6960, RFC 5019). Answers without nonce are prepared once and given out until they age or
 * the certificate's status changes; with a nonce only the signature is made anew.
 */
export class OcspService {
  readonly #options: OcspServiceOptions;
  /** By the CertID's octets, latin1; oldest first. Only certificates that exist are kept. */
  readonly #prepared = new Map<string, PreparedAnswer>();

  constructor(options: OcspServiceOptions) {
    this.#options = options;
  }

  /** Answers one request. Never throws for what was asked: a bad request has an answer of its own. */
  async answer(requestDer: Uint8Array, now: Date): Promise<OcspAnswer> {
    let request: OcspRequest;
    try {
      request = readOcspRequest(requestDer);
    } catch (error) {
      if (error instanceof MalformedOcspRequest) return unsigned.malformedRequest;
      throw error;
    }
    const issuer = this.#issuerOf(request.certIds);
    if (issuer === undefined) return unsigned.unauthorized;
    const at = wholeSecond(now.getTime());
    const [only, ...others] = request.certIds;
    if (only !== undefined && others.length === 0 && request.nonceExtension === undefined) {
      return this.#preparedAnswer(issuer, only, at);
    }
    return this.#sign(issuer, request, at);
  }

  /** One signer may speak for one issuer only, so a request about two of them has no answer (RFC 6960 4.2.2.2). */
  #issuerOf(certIds: readonly CertId[]): IssuerState | undefined {
    let issuer: IssuerState | undefined;
    for (const { hash, nameAndKeyHash } of certIds) {
      const named =
        hash === undefined ? undefined : this.#options.registry.issuerOfCertId(hash, nameAndKeyHash);
      if (named === undefined || (issuer !== undefined && issuer !== named)) return undefined;
      issuer = named;
    }
    return issuer;
  }

  async #preparedAnswer(issuer: IssuerState, certId: CertId, at: Date): Promise<OcspAnswer> {
    const entry = issuer.issued.get(certId.serial);
    if (entry === undefined) {
      return this.#sign(issuer, { certIds: [certId], nonceExtension: undefined }, at);
    }
    const responder = await this.#options.responders.get(issuer, at);
    if (responder === undefined) return unsigned.unauthorized;
    const key = Buffer.from(certId.der).toString('latin1');
    const prepared = this.#prepared.get(key);
    if (prepared !== undefined && isUsable(prepared, entry, responder, at)) return prepared.answer;
    return this.#prepare(key, entry, responder, certId, at);
  }

  async #prepare(
    key: string,
    entry: Entry,
    responder: Responder,
    certId: CertId,
    at: Date,
  ): Promise<OcspAnswer> {
    for (;;) {
      const { revocation } = entry;
      const nextUpdate = this.#nextUpdate(responder, at);
      const status = encodeStatus(statusOf(entry));
      const der = await signAnswer(responder, {
        at,
        nextUpdate,
        answers: [{ certId: certId.der, status }],
        nonceExtension: undefined,
      });
      // Revoked while the signature was made: the answer is wrong by now.
      if (entry.revocation !== revocation) continue;
      const freshUntil = new Date(Math.min(nextUpdate.getTime(), at.getTime() + freshMs));
      const etag = `"${createHash('sha256').update(der).digest('hex')}"`;
      const caching = { etag, thisUpdate: at, nextUpdate, freshUntil };
      const answer: OcspAnswer = { der, status: 'successful', caching };
      this.#remember(key, { answer, caching, responder, revocation });
      return answer;
    }
  }

  #remember(key: string, prepared: PreparedAnswer): void {
    this.#prepared.delete(key);
    this.#prepared.set(key, prepared);
    if (this.#prepared.size <= maxPrepared) return;
    const [oldest] = this.#prepared.keys();
    if (oldest !== undefined) this.#prepared.delete(oldest);
  }

  async #sign(issuer: IssuerState, request: OcspRequest, at: Date): Promise<OcspAnswer> {
    const responder = await this.#options.responders.get(issuer, at);
    if (responder === undefined) return unsigned.unauthorized;
    const nextUpdate = this.#nextUpdate(responder, at);
    for (;;) {
      const { revokedCount } = issuer;
      const der = await signAnswer(responder, {
        at,
        nextUpdate,
        answers: request.certIds.map(({ der: certId, serial }) => ({
          certId,
          status: encodeStatus(statusOf(issuer.issued.get(serial))),
        })),
        nonceExtension: request.nonceExtension,
      });
      if (issuer.revokedCount === revokedCount) return { der, status: 'successful' };
    }
  }

  #nextUpdate(responder: Responder, at: Date): Date {
    return new Date(
      Math.min(at.getTime() + this.#options.validityMs, responder.certificate.notAfter.getTime()),
    );
  }
}

/** A serial number that was never issued is unknown, not good (RFC 6960 2.2). */
function statusOf(entry: Entry | undefined): CertStatus {
  if (entry === undefined) return { status: 'unknown' };
  if (entry.revocation === undefined) return { status: 'good' };
  return { status: 'revoked', at: entry.revocation.at, reason: entry.revocation.reason };
}

function isUsable(prepared: PreparedAnswer, entry: Entry, responder: Responder, at: Date): boolean {
  const ageMs = at.getTime() - prepared.caching.thisUpdate.getTime();
  return (
    prepared.revocation === entry.revocation &&
    prepared.responder === responder &&
    ageMs >= 0 &&
    ageMs < prepareAgainMs &&
    at < prepared.caching.nextUpdate
  );
}

interface AnswerFields {
  readonly at: Date;
  readonly nextUpdate: Date;
  readonly answers: readonly { certId: Uint8Array; status: Uint8Array }[];
  readonly nonceExtension: Uint8Array | undefined;
}

async function signAnswer(responder: Responder, fields: AnswerFields): Promise<Buffer> {
  const data = encodeResponseData({
    responderId: responder.idDer,
    producedAt: fields.at,
    thisUpdate: fields.at,
    nextUpdate: fields.nextUpdate,
    answers: fields.answers,
    nonceExtension: fields.nonceExtension,
  });
  const signature = await signBytes(responder.key, data);
  return encodeResponse(data, responder.algorithmDer, signature, responder.certsDer);
}
