import type { Server, ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger, FastifyHttpOptions } from 'fastify';
import { AuthorityError } from '../error.js';
import { sendProblem } from './problem.js';

/** What every listener may be given. */
export interface ListenerOptions {
  /** A pino logger; nothing is logged without one. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** Told of every answer of status 500 and above, with its cause. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
  /** How long a client may take to send a request. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined;
}

export interface ListenAddress {
  /** 0: any free one. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined;
}

const connectionTimeoutMs = 20_000;
const keepAliveTimeoutMs = 15_000;

/** Bounds for every connection: slow, large or idle clients are let go (milliseconds, bytes). */
export function boundedServer(bodyLimit: number, options: ListenerOptions): FastifyHttpOptions<Server> {
  const { logger } = options;
  return {
    bodyLimit,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutOf(options),
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(
        reply,
        new AuthorityError('REQUEST_INVALID', 'This address cannot be read.', { cause: error }),
      );
    },
    http: nodeServerOptions(options),
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
  };
}

/** The same bounds for a server that is made by hand, with the next. */
export function nodeServerOptions(options: ListenerOptions): ServerOptions {
  const requestTimeoutMs = requestTimeoutOf(options);
  return {
    maxHeaderSize: 8192,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(2_000, requestTimeoutMs),
  };
}

export function boundConnections(server: Server): void {
  server.setTimeout(connectionTimeoutMs);
}

/** Where a server listens, as a URL. */
export function urlOf(scheme: 'http' | 'https', server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

const requestTimeoutOf = ({ requestTimeoutMs = 10_000 }: ListenerOptions): number => requestTimeoutMs;
