import { createHash, timingSafeEqual } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { daemonMaxBodyBytes, daemonRoutes, problemMediaType } from '@jami-plugin-store/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Daemon } from '../daemon.js';
import { DaemonError } from '../error.js';
import { daemonRoutesOf } from './daemon-routes.js';
import { type EventStreamOptions, eventStreams } from './event-stream.js';
import { openApiOf } from './openapi.js';
import { readOrMakeSecret } from './pipe-secret.js';
import { problemOf, requestError, sendProblem } from './problem-reply.js';
import { listenAt } from './socket-listener.js';
import { pipePrefix } from './socket-path.js';

export interface ServeOptions extends Partial<EventStreamOptions> {
  /** From `socketPathOf`. */
  readonly socketPath: string;
  /** Asked of every request as a bearer token. A named pipe, which has no permissions, always has one: by default the data folder's. */
  readonly secret?: string | undefined;
  readonly maxConnections?: number | undefined;
  /** How long requests under way may take when the server is closed. */
  readonly closeGraceMs?: number | undefined;
  /** How long a request may take to arrive, its head and as a whole; looked after once a second. */
  readonly headersTimeoutMs?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
}

export interface DaemonServer extends AsyncDisposable {
  /** Where it listens. */
  readonly socket: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const maxHeaderBytes = 16 * 1024;
const patienceMs = { headers: 10_000, request: 15_000, betweenChecks: 1_000 };
/** Not taken yet: more come at once than the system's default lets wait. */
const maxWaitingConnections = 4_096;
/** An id of 64 characters, each percent-encoded. */
const maxParamLength = 3 * 64;
const defaultStreams: EventStreamOptions = {
  maxStreams: 1_024,
  heartbeatMs: 15_000,
};

/**
 * Serves a daemon's local API on its socket until disposed of; the daemon itself stays open.
 * @throws {DaemonError} SOCKET_BUSY | SOCKET_FOLDER_UNSAFE
 */
export async function serveDaemon(daemon: Daemon, options: ServeOptions): Promise<DaemonServer> {
  // Loaded here: a daemon without a server (`jpl install`) has no use for it.
  const { default: fastify } = await import('fastify');
  const isPipe = options.socketPath.startsWith(pipePrefix);
  const secret = options.secret ?? (isPipe ? await readOrMakeSecret(daemon.info.dataDir) : undefined);
  const streams = eventStreams(daemon.events, { ...defaultStreams, ...options });
  const app = fastify({
    bodyLimit: daemonMaxBodyBytes,
    requestTimeout: options.requestTimeoutMs ?? patienceMs.request,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: options.headersTimeoutMs ?? patienceMs.headers,
      connectionsCheckingInterval: patienceMs.betweenChecks,
    },
    routerOptions: { maxParamLength },
    // What is not of the schema's type is refused, not converted; what the schema does not know is not dropped silently.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, requestError(error)),
    clientErrorHandler: answerBadHttp,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.removeContentTypeParser('text/plain');
  app.server.maxConnections = options.maxConnections ?? 2_048;
  if (secret !== undefined) app.addHook('onRequest', secretGuard(secret));
  app.setErrorHandler((error: FastifyError, _request, reply) => sendProblem(reply, requestError(error)));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      new DaemonError('ROUTE_NOT_FOUND', `There is no ${request.method} ${request.url} here.`),
    ),
  );
  const about = { title: 'Plugins of this user', version: '1.0.0', hasSecret: secret !== undefined };
  const describe = openApiOf(app, about);
  let description: string | undefined;
  const openApi = { summary: 'This description', response: { 200: { type: 'object' } } };
  app.get(daemonRoutes.openapi, { schema: openApi }, async (_request, reply) => {
    description ??= JSON.stringify(describe());
    return reply.type('application/json').send(description);
  });
  await app.register(daemonRoutesOf(daemon, streams));

  const listener = { listen: (path: string) => app.listen({ path, backlog: maxWaitingConnections }) };
  try {
    const unname = isPipe
      ? await listener.listen(options.socketPath).then(() => async () => undefined)
      : await listenAt(listener, options.socketPath);
    return {
      socket: options.socketPath,
      [Symbol.asyncDispose]: async () => {
        await unname();
        streams.close();
        // Requests under way get their answer; whoever only holds a connection open does not hold up the end.
        const patience = setTimeout(() => app.server.closeAllConnections(), options.closeGraceMs ?? 5_000);
        await app.close();
        clearTimeout(patience);
      },
    };
  } catch (error) {
    streams.close();
    await app.close();
    throw error;
  }
}

function secretGuard(secret: string) {
  const wanted = digest(`Bearer ${secret}`);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    // Digests have one length, so that comparing takes one time.
    if (timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) return undefined;
    return sendProblem(reply, new DaemonError('NOT_AUTHORIZED', 'This daemon asks for its secret.'));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Bytes that are no HTTP, or came too slowly: there is no request to reply to, only a socket. */
function answerBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const problem = problemOf(
    new DaemonError('REQUEST_INVALID', 'This is not an HTTP request the daemon can read.'),
  );
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
