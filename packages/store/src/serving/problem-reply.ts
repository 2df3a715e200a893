import type { Socket } from 'node:net';
import {
  type Problem,
  problemMediaType,
  type StoreErrorCode,
  storeErrorTable,
} from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';

/** Header fields about a representation that a refusal must not carry along. */
const representationFields = [
  'accept-ranges',
  'content-digest',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-security-policy',
  'etag',
  'repr-digest',
  'vary',
];

/**
 * Answers any refusal as RFC 9457 problem details. What is not a {@link StoreError} and not a fault of the request
 * is logged with its cause and answered as INTERNAL, saying nothing of the inside.
 */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = toStoreError(error);
  if (refusal.status >= 500) request.log.error({ err: error, code: refusal.code }, refusal.message);
  for (const field of representationFields) reply.removeHeader(field);
  const body = Buffer.from(JSON.stringify(problemOf(refusal.code, refusal.message, refusal.parameter)));
  reply
    .code(refusal.status)
    .headers({ ...refusal.headers, 'cache-control': 'no-store', 'content-length': body.length })
    .type(problemMediaType);
  return request.method === 'HEAD' ? reply.send() : reply.send(body);
}

/** Answers what Node's HTTP parser refused before there was a request, and hangs up. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = parserRefusals.get(error.code ?? '') ?? 'REQUEST_MALFORMED';
  const { status, title } = storeErrorTable[code];
  const body = JSON.stringify(problemOf(code, 'The request could not be read as HTTP.'));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: ${problemMediaType}\r\ncache-control: no-store\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const parserRefusals: ReadonlyMap<string, StoreErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'HEADERS_TOO_LARGE'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'REQUEST_TOO_LARGE'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'],
]);

function problemOf(code: StoreErrorCode, detail: string, parameter?: string): Problem {
  const { status, title } = storeErrorTable[code];
  return {
    type: `urn:jpl:error:${code}`,
    title,
    status,
    detail,
    code,
    ...(parameter === undefined ? {} : { parameter }),
  };
}

function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = fastifyRefusalOf(error);
  if (code === undefined)
    return new StoreError('INTERNAL', 'The store failed; its log says why.', { cause: error });
  return new StoreError(code, `${storeErrorTable[code].title}.`, { cause: error });
}

/** The one table from the framework's refusals of a request to ours. */
function fastifyRefusalOf(error: unknown): StoreErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as Error & { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return 'URI_TOO_LONG';
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return 'REQUEST_TOO_LARGE';
  }
  const isFaultOfRequest = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isFaultOfRequest ? 'REQUEST_MALFORMED' : undefined;
}
