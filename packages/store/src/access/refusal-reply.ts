import {
  type AuthorityErrorCode,
  authorityErrorTable,
  type Problem,
  packageErrorTable,
  problemMediaType,
  resultCodeOf,
  storeErrorTable,
  trustErrorTable,
} from '@jami-plugin-store/contract';
import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';
import { sendProblem } from '../serving/problem-reply.js';

/** A refusal by the authority, passed on as it is. */
export class AuthorityRefusal extends Error {
  override readonly name = 'AuthorityRefusal';
  readonly code: AuthorityErrorCode;
  readonly status: number;

  constructor(code: AuthorityErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = authorityErrorTable[code].status;
  }
}

/**
 * Answers a refusal of the publishing side: the store's own as everywhere, those of packages, of the judge and of the authority under
 * their own codes, so that an author reads the same reason here as from `jpl verify`.
 */
export function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (reply.sent) {
    request.log.warn({ err: error }, 'failed after its answer');
    return reply;
  }
  const problem = foreignProblemOf(error);
  // A body that is not read to its end would be taken for the next request.
  if (!request.raw.readableEnded && request.raw.headers['content-length'] !== '0' && hasBody(request))
    reply.header('connection', 'close');
  // RFC 9110 15.5.2
  if (error instanceof StoreError && error.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem === undefined) return sendProblem(ownRefusalOf(error), request, reply);
  const body = Buffer.from(JSON.stringify(problem));
  return reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', 'content-length': body.length })
    .type(problemMediaType)
    .send(body);
}

function hasBody({ raw }: FastifyRequest): boolean {
  return raw.headers['content-length'] !== undefined || raw.headers['transfer-encoding'] !== undefined;
}

function foreignProblemOf(error: unknown): Problem | undefined {
  if (error instanceof AuthorityRefusal) {
    const { title, status } = authorityErrorTable[error.code];
    return { type: typeOf(error.code), title, status, detail: error.message, code: error.code };
  }
  if (!(error instanceof JplError || error instanceof TrustError)) return undefined;
  const row = error instanceof JplError ? packageErrorTable[error.code] : trustErrorTable[error.code];
  return {
    type: typeOf(error.code),
    title: row.title,
    status: row.status,
    detail: error.message,
    code: error.code,
    resultCode: resultCodeOf[row.kind],
    ...(error.entry === undefined ? {} : { entry: error.entry }),
    ...(error instanceof TrustError && error.certificate !== undefined
      ? { certificate: error.certificate }
      : {}),
  };
}

function typeOf(code: string): string {
  return `urn:jpl:error:${code}`;
}

/** The framework's refusals that only routes with bodies meet. */
function ownRefusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError || !('code' in error)) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new StoreError('MEDIA_TYPE_UNSUPPORTED', `${storeErrorTable.MEDIA_TYPE_UNSUPPORTED.title}.`, {
        cause: error,
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new StoreError('BODY_MALFORMED', 'The body is empty.', { cause: error });
    default:
      return error;
  }
}
