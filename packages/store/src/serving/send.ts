import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';
import { type ByteRange, parseRange } from './byte-range.js';
import { ifRangeHolds, judgePrecondition } from './conditional.js';
import { type ContentCoding, negotiateCoding } from './content-coding.js';
import type { PreparedBody, PreparedCoding } from './prepared-body.js';

/** May be kept by anyone, must be asked about before each use. */
export const revalidate = 'public, no-cache';
/** Content-addressed: can never change. */
export const immutable = 'public, max-age=31536000, immutable';

/** Sends a prepared answer in the coding the request likes best; HEAD, 304 and 412 as RFC 9110 has them. */
export function sendPrepared(request: FastifyRequest, reply: FastifyReply, body: PreparedBody): FastifyReply {
  const chosen = chooseCoding(request.headers['accept-encoding'], body);
  reply.headers(representationFields(chosen));
  if (isNotModified(request.headers, chosen.etag)) return reply.code(304).send();
  return sendChosen(request, reply, body, chosen);
}

/** Sends the answer to a question asked by POST: it is nobody else's, so there is nothing to keep or to compare it by. */
export function sendUnkept(request: FastifyRequest, reply: FastifyReply, body: PreparedBody): FastifyReply {
  reply.headers({ 'cache-control': 'no-store', vary: 'Accept-Encoding' });
  return sendChosen(request, reply, body, chooseCoding(request.headers['accept-encoding'], body));
}

type ChosenCoding = PreparedCoding & { readonly coding: ContentCoding };

export function chooseCoding(acceptEncoding: string | undefined, { codings }: PreparedBody): ChosenCoding {
  const coding = negotiateCoding(acceptEncoding, codings);
  const chosen = codings.get(coding);
  if (chosen === undefined) throw new StoreError('INTERNAL', 'The answer was not prepared.');
  return { ...chosen, coding };
}

/** Fields of 200 and 304 alike. */
export function representationFields({ etag }: ChosenCoding): Record<string, string> {
  return { etag, 'cache-control': revalidate, vary: 'Accept-Language, Accept-Encoding' };
}

/** Fields that tell of the body. */
export function contentFields(
  { contentType, languages }: PreparedBody,
  { coding, length, reprDigest }: ChosenCoding,
): Record<string, string> {
  return {
    'content-type': contentType,
    'content-length': String(length),
    'repr-digest': reprDigest,
    // RFC 9530 2: what is sent is the whole of it.
    'content-digest': reprDigest,
    ...(languages.length > 0 ? { 'content-language': languages.join(', ') } : {}),
    ...(coding === 'identity' ? {} : { 'content-encoding': coding }),
  };
}

function sendChosen(
  request: FastifyRequest,
  reply: FastifyReply,
  body: PreparedBody,
  chosen: ChosenCoding,
): FastifyReply {
  reply.headers(contentFields(body, chosen));
  if (request.method === 'HEAD') return reply.send();
  const { body: bytes } = chosen;
  return reply.send(Buffer.isBuffer(bytes) ? bytes : Readable.from(bytes, { objectMode: false }));
}

/** A representation of known size, identity coding only, that can be sent in part. */
export interface ByteRepresentation {
  readonly size: number;
  readonly etag: string;
  readonly reprDigest: string;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly headers?: OutgoingHttpHeaders | undefined;
}

/** What of a representation is to be sent, with status and header fields already set on the reply. */
export type Selection = { readonly send: 'nothing' } | { readonly send: 'bytes'; readonly range: ByteRange };

/**
 * Decides what a request gets of a representation and sets status and header fields (RFC 9110 13.2.2 and 14.2).
 * @throws {StoreError} PRECONDITION_FAILED | RANGE_NOT_SATISFIABLE
 */
export function selectBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  representation: ByteRepresentation,
): Selection {
  const { size, etag } = representation;
  reply.headers({ etag, 'cache-control': representation.cacheControl, 'accept-ranges': 'bytes' });
  if (isNotModified(request.headers, etag)) {
    reply.code(304);
    return { send: 'nothing' };
  }
  const range = rangeOf(request, size, etag);
  if (range === 'unsatisfiable') {
    throw new StoreError('RANGE_NOT_SATISFIABLE', `The range asked for is not inside the ${size} bytes.`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  reply.headers({
    'content-type': representation.contentType,
    'content-length': range === undefined ? size : range.last - range.first + 1,
    'repr-digest': representation.reprDigest,
    ...representation.headers,
  });
  if (range === undefined) reply.header('content-digest', representation.reprDigest);
  else reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${size}`);
  if (request.method === 'HEAD') return { send: 'nothing' };
  return { send: 'bytes', range: range ?? { first: 0, last: size - 1 } };
}

/** @throws {StoreError} PRECONDITION_FAILED */
function isNotModified(headers: IncomingHttpHeaders, etag: string): boolean {
  const precondition = judgePrecondition(headers, etag);
  if (precondition === 'failed') {
    throw new StoreError('PRECONDITION_FAILED', 'What the store has is not the version the request names.', {
      headers: { etag },
    });
  }
  return precondition === 'not-modified';
}

function rangeOf(request: FastifyRequest, size: number, etag: string): ReturnType<typeof parseRange> {
  // RFC 9110 14.2: a Range is defined for GET alone.
  if (request.method !== 'GET') return undefined;
  const ifRange = request.headers['if-range'];
  if (!ifRangeHolds(typeof ifRange === 'string' ? ifRange : undefined, etag)) return undefined;
  return parseRange(request.headers.range, size);
}
