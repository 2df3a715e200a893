import type { ServerResponse } from 'node:http';
import {
  type AuthorityErrorCode,
  authorityErrorTable,
  type Problem,
  problemMediaType,
} from '@jami-plugin-store/contract';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { AuthorityError } from '../error.js';

/** RFC 9457 body of a refusal. */
export function problemOf(error: AuthorityError): Problem {
  const { status, title } = authorityErrorTable[error.code];
  return {
    type: `urn:jpl:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    ...(error.certificate === undefined ? {} : { certificate: error.certificate }),
  };
}

/** The one doorway through which errors leave as answers. */
export function handleErrors(app: FastifyInstance, report: (error: unknown) => void): void {
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new AuthorityError('ROUTE_NOT_FOUND', 'There is nothing at this address.')),
  );
  app.setErrorHandler((error: unknown, _request, reply) => {
    const refusal = refusalOf(error);
    if (authorityErrorTable[refusal.code].status >= 500) report(error);
    return sendProblem(reply, refusal);
  });
}

function refusalOf(error: unknown): AuthorityError {
  if (error instanceof AuthorityError) return error;
  if (isFrameworkRefusal(error)) {
    const code: AuthorityErrorCode = error.statusCode === 413 ? 'REQUEST_TOO_LARGE' : 'REQUEST_INVALID';
    return new AuthorityError(code, error.message, { cause: error });
  }
  return new AuthorityError('INTERNAL_ERROR', 'The authority could not do this. Its log says why.', {
    cause: error,
  });
}

/** What fastify itself refuses: media type, size, syntax, schema. */
function isFrameworkRefusal(error: unknown): error is FastifyError {
  return (
    error instanceof Error &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode >= 400 &&
    error.statusCode < 500
  );
}

/** Ends a request with a refusal. */
export function sendProblem(reply: FastifyReply, refusal: AuthorityError): FastifyReply {
  const problem = problemOf(refusal);
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(problemMediaType)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem);
}

/** Ends a request outside the framework with a refusal, and its connection with it: what follows the request was not read. */
export function endWithProblem(response: ServerResponse, refusal: AuthorityError): void {
  const problem = problemOf(refusal);
  const body = Buffer.from(JSON.stringify(problem));
  response.writeHead(problem.status, {
    'content-type': problemMediaType,
    'cache-control': 'no-store',
    'content-length': body.length,
    connection: 'close',
  });
  response.end(body);
}
