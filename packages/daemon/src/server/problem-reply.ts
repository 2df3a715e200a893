import { type DaemonProblem, problemMediaType } from '@jami-plugin-store/contract';
import type { FastifyError, FastifyReply } from 'fastify';
import { DaemonError } from '../error.js';
import { errorOutcome } from '../error-outcome.js';
import { publisherFields } from '../installed/record.js';

/** Any error as problem details (RFC 9457) with the exact code. */
export function problemOf(error: unknown): DaemonProblem {
  const { code, message, resultCode, row, entry, certificate, detail } = errorOutcome(error);
  const { plugin, installedVersion, publisher, installedPublisher } = detail ?? {};
  return {
    type: `urn:jpl:error:${code}`,
    title: row.title,
    status: row.status,
    detail: message,
    code,
    resultCode,
    ...(entry === undefined ? {} : { entry }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(installedVersion === undefined ? {} : { installedVersion }),
    ...(publisher === undefined ? {} : { publisher: publisherFields(publisher) }),
    ...(installedPublisher === undefined ? {} : { installedPublisher: publisherFields(installedPublisher) }),
  };
}

export function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = problemOf(error);
  // As text: a serializer by schema would leave out what the route's own answers do not have.
  return reply.code(problem.status).type(problemMediaType).send(JSON.stringify(problem));
}

/** What fastify itself refuses, in the daemon's codes. */
export function requestError(error: FastifyError): unknown {
  if (error.validation !== undefined)
    return invalid(`${error.validationContext ?? 'request'}: ${error.message}`, error);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new DaemonError('BODY_TOO_LARGE', 'The request is larger than the daemon reads.', {
        cause: error,
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new DaemonError('MEDIA_TYPE_UNSUPPORTED', 'The daemon reads application/json only.', {
        cause: error,
      });
    default:
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? invalid(error.message, error)
        : error;
  }
}

function invalid(why: string, cause: unknown): DaemonError {
  return new DaemonError('REQUEST_INVALID', `The request cannot be read: ${why}.`, { cause });
}
