import type { Server } from 'node:http';
import type { FastifyBaseLogger, FastifyHttpOptions } from 'fastify';
import { AuthorityError } from '../error.js';
import { sendProblem } from './problem.js';

/** What both listeners may be given. */
export interface ListenerOptions {
  /** A pino logger; nothing is logged without one. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Told of every answer of status 500 and above, with its cause. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** How long a client may take to send a request. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** Bounds for every connection: slow, large or idle clients are let go (milliseconds, bytes). */
export function boundedServer(
  bodyLimit: number,
  { logger, requestTimeoutMs = 10_000 }: ListenerOptions,
): FastifyHttpOptions<Server> {
  return {
    bodyLimit,
    connectionTimeout: 20_000,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 15_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(
        reply,
        new AuthorityError('REQUEST_INVALID', 'This address cannot be read.', { cause: error }),
      );
    },
    http: {
      maxHeaderSize: 8192,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(2_000, requestTimeoutMs),
    },
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
  };
}
