import { type DaemonProblem, type Problem, problemMediaType } from '@jami-plugin-store/contract';
import type { FastifyError, FastifyReply } from 'fastify';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError, errorRowOf } from '../error.js';

/** Any error as problem details (RFC 9457). The daemon's own are handed on as it told them. */
function problemOf(error: unknown): Problem | DaemonProblem {
  if (error instanceof DaemonRefusal) return error.problem;
  const known = error instanceof ClientError ? error : requestError(error);
  const { status, title } = errorRowOf(known.code);
  return {
    type: `urn:jpl:error:${known.code}`,
    title,
    status,
    detail: known.message,
    code: known.code,
    ...(known.resultCode === undefined ? {} : { resultCode: known.resultCode }),
  };
}

export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error);
  if (error instanceof ClientError && error.retryAfterMs !== undefined)
    reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  return reply.code(problem.status).type(problemMediaType).send(JSON.stringify(problem));
}

/** Whether an error is a defect of this program, and not an answer to its caller. */
export function isDefect(error: unknown): boolean {
  return problemOf(error).code === 'INTERNAL';
}

/** What fastify itself refuses, in this room's codes; all else is a defect, of which a caller learns nothing more. */
function requestError(error: unknown): ClientError {
  const { validation, validationContext, code, statusCode, message } = (error ?? {}) as Partial<FastifyError>;
  if (validation !== undefined)
    return refusal('REQUEST_INVALID', `${validationContext ?? 'request'}: ${message}`);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return refusal('BODY_TOO_LARGE', 'The request is larger than what is read');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return refusal('MEDIA_TYPE_UNSUPPORTED', 'The request is of a type that is not read here');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return refusal('REQUEST_INVALID', String(message));
  return refusal('INTERNAL', 'The client failed on its own; its terminal says more');
}

function refusal(code: ClientError['code'], message: string): ClientError {
  return new ClientError(code, message);
}
