import { createHash } from 'node:crypto';
import { wholeSecond } from '../issuing/validity.js';
import type { Entry, IssuerState, Registry } from '../ledger/registry.js';
import { signBytes, signNow } from '../x509/signature.js';
import { type CertId, MalformedOcspRequest, type OcspRequest, readOcspRequest } from './request-reader.js';
import type { Responder } from './responder.js';
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
  /** `thisUpdate` and `nextUpdate` as HTTP writes them. */
  readonly lastModified: string;
  readonly expires: string;
}

interface PreparedAnswer {
  readonly answer: OcspAnswer;
  readonly issuer: IssuerState;
  readonly entry: Entry;
  /** What the answer says of the entry. */
  readonly revocation: Entry['revocation'];
  readonly responder: Responder;
  /** When it is given out. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Who signs; a promise where a signer has to be made first, `undefined` where nobody delegated. What it throws is thrown on. */
interface ResponderSource {
  get(issuer: IssuerState, now: Date): Responder | undefined | Promise<Responder | undefined>;
}

export interface OcspServiceOptions {
  readonly registry: Registry;
  readonly responders: ResponderSource;
  readonly validityMs: number;
}

/** Prepared answers are replaced at this age: half of what clients take for fresh without a nonce. */
const prepareAgainMs = 30 * 60 * 1000;
/** Clients take an answer without nonce for fresh up to this age. */
const freshMs = 60 * 60 * 1000;
const maxPrepared = 20_000;
/** Requests that prepared answers are found by without reading them: those of every client that adds nothing are shorter. */
const maxKnownRequestBytes = 256;

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
  /** The same by the whole request that they answered. */
  readonly #byRequest = new Map<string, PreparedAnswer>();

  constructor(options: OcspServiceOptions) {
    this.#options = options;
  }

  /** Answers one request, at once where the signer is at hand. Never throws for what was asked: a bad request has an answer. */
  answer(requestDer: Uint8Array, now: Date): OcspAnswer | Promise<OcspAnswer> {
    const at = wholeSecond(now.getTime());
    const known = this.#knownAnswer(requestDer, at);
    if (known !== undefined) return known;
    const request = readOrNothing(requestDer);
    if (request === undefined) return unsigned.malformedRequest;
    const issuer = this.#issuerOf(request.certIds);
    if (issuer === undefined) return unsigned.unauthorized;
    const responder = this.#options.responders.get(issuer, at);
    return responder instanceof Promise
      ? responder.then((made) => this.#answerAs(made, issuer, request, at))
      : this.#answerAs(responder, issuer, request, at);
  }

  /** The prepared answer to exactly these octets. */
  #knownAnswer(requestDer: Uint8Array, at: Date): OcspAnswer | undefined {
    if (requestDer.length > maxKnownRequestBytes) return undefined;
    const prepared = this.#byRequest.get(latin1(requestDer));
    if (prepared === undefined) return undefined;
    const responder = this.#options.responders.get(prepared.issuer, at);
    return isUsable(prepared, responder, at) ? prepared.answer : undefined;
  }

  #answerAs(
    responder: Responder | undefined,
    issuer: IssuerState,
    request: OcspRequest,
    at: Date,
  ): OcspAnswer | Promise<OcspAnswer> {
    if (responder === undefined) return unsigned.unauthorized;
    const [only, ...others] = request.certIds;
    const entry = only === undefined ? undefined : issuer.issued.get(only.serial);
    const isPreparable = others.length === 0 && request.nonceExtension === undefined;
    if (only === undefined || entry === undefined || !isPreparable) {
      return this.#freshAnswer(responder, issuer, request, at);
    }
    const prepared = this.#preparedAnswer(responder, issuer, entry, only, at);
    if (request.der.length <= maxKnownRequestBytes) remember(this.#byRequest, latin1(request.der), prepared);
    return prepared.answer;
  }

  /** Signed in the thread pool: clients that send nonces keep nobody waiting who wants a prepared answer. */
  async #freshAnswer(
    responder: Responder,
    issuer: IssuerState,
    request: OcspRequest,
    at: Date,
  ): Promise<OcspAnswer> {
    for (;;) {
      const { revokedCount } = issuer;
      const data = responseData(responder, {
        at,
        nextUpdate: this.#nextUpdate(responder, at),
        answers: request.certIds.map(({ der: certId, serial }) => ({
          certId,
          status: encodeStatus(statusOf(issuer.issued.get(serial))),
        })),
        nonceExtension: request.nonceExtension,
      });
      const signature = await signBytes(responder.key, data);
      // Revoked while the signature was made: the answer is wrong by now.
      if (issuer.revokedCount !== revokedCount) continue;
      const der = encodeResponse(data, responder.algorithmDer, signature, responder.certsDer);
      return { der, status: 'successful' };
    }
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

  /** Made in one piece, so that nothing is revoked meanwhile, and once for all who ask at the same time. */
  #preparedAnswer(
    responder: Responder,
    issuer: IssuerState,
    entry: Entry,
    certId: CertId,
    at: Date,
  ): PreparedAnswer {
    const key = latin1(certId.der);
    const before = this.#prepared.get(key);
    if (before !== undefined && isUsable(before, responder, at)) return before;
    const nextUpdate = this.#nextUpdate(responder, at);
    const data = responseData(responder, {
      at,
      nextUpdate,
      answers: [{ certId: certId.der, status: encodeStatus(statusOf(entry)) }],
      nonceExtension: undefined,
    });
    const signature = signNow(responder.key, data);
    const der = encodeResponse(data, responder.algorithmDer, signature, responder.certsDer);
    const caching = {
      etag: `"${createHash('sha256').update(der).digest('hex')}"`,
      thisUpdate: at,
      nextUpdate,
      freshUntil: new Date(Math.min(nextUpdate.getTime(), at.getTime() + freshMs)),
      lastModified: at.toUTCString(),
      expires: nextUpdate.toUTCString(),
    };
    const prepared: PreparedAnswer = {
      answer: { der, status: 'successful', caching },
      issuer,
      entry,
      revocation: entry.revocation,
      responder,
      fromMs: at.getTime(),
      untilMs: Math.min(at.getTime() + prepareAgainMs, nextUpdate.getTime()),
    };
    remember(this.#prepared, key, prepared);
    return prepared;
  }

  #nextUpdate(responder: Responder, at: Date): Date {
    return new Date(
      Math.min(at.getTime() + this.#options.validityMs, responder.certificate.notAfter.getTime()),
    );
  }
}

function readOrNothing(requestDer: Uint8Array): OcspRequest | undefined {
  try {
    return readOcspRequest(requestDer);
  } catch (error) {
    if (error instanceof MalformedOcspRequest) return undefined;
    throw error;
  }
}

/** A serial number that was never issued is unknown, not good (RFC 6960 2.2). */
function statusOf(entry: Entry | undefined): CertStatus {
  if (entry === undefined) return { status: 'unknown' };
  if (entry.revocation === undefined) return { status: 'good' };
  return { status: 'revoked', at: entry.revocation.at, reason: entry.revocation.reason };
}

function isUsable(prepared: PreparedAnswer, responder: unknown, at: Date): boolean {
  const atMs = at.getTime();
  return (
    prepared.revocation === prepared.entry.revocation &&
    prepared.responder === responder &&
    atMs >= prepared.fromMs &&
    atMs < prepared.untilMs
  );
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

function remember(answers: Map<string, PreparedAnswer>, key: string, prepared: PreparedAnswer): void {
  answers.delete(key);
  answers.set(key, prepared);
  if (answers.size <= maxPrepared) return;
  const [oldest] = answers.keys();
  if (oldest !== undefined) answers.delete(oldest);
}

interface AnswerFields {
  readonly at: Date;
  readonly nextUpdate: Date;
  readonly answers: readonly { certId: Uint8Array; status: Uint8Array }[];
  readonly nonceExtension: Uint8Array | undefined;
}

/** The bytes to sign. */
function responseData(responder: Responder, fields: AnswerFields): Buffer {
  return encodeResponseData({
    responderId: responder.idDer,
    producedAt: fields.at,
    thisUpdate: fields.at,
    nextUpdate: fields.nextUpdate,
    answers: fields.answers,
    nonceExtension: fields.nonceExtension,
  });
}
