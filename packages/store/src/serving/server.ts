import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import { guardedMethodsOf } from '../access/access-table.js';
import { sendRefusal } from '../access/refusal-reply.js';
import { StoreError } from '../error.js';
import { holdToPace } from './body-pace.js';
import { parseJson } from './json-body.js';
import { LogLines } from './log-lines.js';
import { type LaneAnswer, type PreparedLane, sendAhead } from './prepared-lane.js';
import { refuseConnection, sendProblem } from './problem-reply.js';
import { requestId } from './request-id.js';
import { type LogTarget, requestLog } from './request-log.js';

/** A readable resource: GET and HEAD, nothing else; or a question too long for an address, asked by POST. */
export interface ServedRoute {
  readonly path: string;
  readonly question?: { readonly maxBytes: number } | undefined;
  handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
}

/** What one connection may take of the server. Milliseconds, bytes. */
export type ServerLimits = typeof defaultLimits;

const defaultLimits = {
  /** Reading takes no bodies, but where a route says so. */
  bodyBytes: 1024,
  headerBytes: 16 * 1024,
  paramCharacters: 192,
  /** From the header of a request to the end of its body (slow senders)… */
  requestMs: 15_000,
  /** …and where a route takes long bodies, so many bytes in each interval. */
  minBytes: 4 * 1024,
  everyMs: 20_000,
  headersMs: 10_000,
  /** Without a byte moved either way (readers that stop reading). */
  idleMs: 60_000,
  keepAliveMs: 10_000,
  /** How often connections are held against these times. */
  checkMs: 1_000,
  connections: 20_000,
  requestsPerConnection: 10_000,
  /** Requests of one connection not yet answered (RFC 9112 9.3.2 leaves it to the server how many it takes). */
  pipelinedRequests: 32,
};

export interface CreateServerOptions {
  readonly log?: LogTarget | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Addresses or networks that may say in X-Forwarded-For for whom they ask. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Answers what it can before the framework sees a request. */
  readonly lane?: PreparedLane | undefined;
  /** Told of each request that the lane has answered. */
  readonly onLaneAnswer?: ((answer: LaneAnswer, seconds: number) => void) | undefined;
}

/** Makes the HTTP server around a set of readable resources. Every refusal is RFC 9457 problem details. */
export function createServer(options: CreateServerOptions = {}): FastifyInstance {
  const { log, trustedProxies = [], lane } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const lines = log !== undefined && 'write' in log ? new LogLines(log) : undefined;
  const httpOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    // Bodies have a pace of their own, see below; header fields Node's.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkMs,
    // Asked for below, where a request without one gets an answer like any other refusal.
    requireHostHeader: false,
  };
  const answerAhead = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (lane === undefined) return false;
    const begun = performance.now();
    const prepared = lane.find(request, response, begun);
    if (prepared === undefined) return false;
    const reqId = requestId();
    sendAhead(response, prepared, reqId);
    const took = performance.now() - begun;
    const { answer } = prepared;
    options.onLaneAnswer?.(answer, took / 1000);
    tell({ reqId, method: 'GET', url: answer.url, status: answer.status, ms: took });
    return true;
  };
  const app = fastify({
    ...loggerOptions(lines ?? log),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    bodyLimit: limits.bodyBytes,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    routerOptions: { maxParamLength: limits.paramCharacters },
    frameworkErrors: sendProblem,
    clientErrorHandler: refuseConnection,
    serverFactory: (handler) => {
      const server = createHttpServer(httpOptions, (request, response) => {
        if (!answerAhead(request, response)) handler(request, response);
      });
      server.setTimeout(limits.idleMs);
      server.maxRequestsPerSocket = limits.requestsPerConnection;
      return server;
    },
  });
  app.server.maxConnections = limits.connections;
  limitPipelining(app, limits.pipelinedRequests);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff' });
    holdToPace(request, reply, limits);
    done(hostProblem(request));
  });
  // RFC 9110 10.1.1 lets a server pass over expectations it does not know; Node would answer without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  // One line a request, and nobody's address in it.
  const tell = requestLog(lines, app.log);
  app.addHook('onResponse', ({ id: reqId, method, url }, { statusCode: status, elapsedTime: ms }, done) => {
    tell({ reqId, method, url, status, ms });
    done();
  });
  if (lane !== undefined) app.addHook('preClose', async () => lane.close());
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request) => {
    if (!app.supportedMethods.includes(request.method)) throw methodNotAllowed(request);
    throw new StoreError('ROUTE_NOT_FOUND', 'There is nothing at this address.');
  });
  return app;
}

export function serve(app: FastifyInstance, routes: readonly ServedRoute[]): void {
  for (const { path, question, handle } of routes) {
    const own = question === undefined ? ['GET', 'HEAD'] : ['POST'];
    if (question === undefined) app.route({ method: own, url: path, handler: handle });
    else serveQuestion(app, path, question.maxBytes, handle);
    const allowed = [...own, ...guardedMethodsOf(path)];
    app.route({
      method: app.supportedMethods.filter((method) => !allowed.includes(method)),
      url: path,
      // Before the body is looked at.
      onRequest: async (request) => {
        throw methodNotAllowed(request, allowed);
      },
      handler: () => undefined,
    });
  }
}

/** A route with a JSON body, the only kind of body the reading side takes. */
function serveQuestion(
  app: FastifyInstance,
  path: string,
  maxBytes: number,
  handle: ServedRoute['handle'],
): void {
  app.register(async (scope) => {
    scope.setErrorHandler(sendRefusal);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
    scope.route({ method: 'POST', url: path, bodyLimit: maxBytes, handler: handle });
  });
}

/** Hangs up on who sends requests without end and reads no answers: each waiting one costs memory. */
function limitPipelining(app: FastifyInstance, maxWaiting: number): void {
  const waiting = new WeakMap<Socket, number>();
  const count = ({ raw: { socket } }: FastifyRequest, change: 1 | -1): number => {
    const now = (waiting.get(socket) ?? 0) + change;
    waiting.set(socket, now);
    return now;
  };
  app.addHook('onRequest', (request, _, done) => {
    if (count(request, 1) <= maxWaiting) done();
    else request.raw.socket.destroy();
  });
  app.addHook('onResponse', (request, _, done) => {
    count(request, -1);
    done();
  });
}

/** RFC 9112 3.2: a request of HTTP/1.1 names its host exactly once. */
function hostProblem({ raw }: FastifyRequest): StoreError | undefined {
  let hosts = 0;
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    if (raw.rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) return undefined;
  return new StoreError('REQUEST_MALFORMED', 'A request names the host it is for, once.');
}

function methodNotAllowed(request: FastifyRequest, allowed: readonly string[] = ['GET', 'HEAD']): StoreError {
  const allow = allowed.join(', ');
  return new StoreError('METHOD_NOT_ALLOWED', `${request.method} is not for this address; ${allow} are.`, {
    headers: { allow },
  });
}

function loggerOptions(
  log: LogTarget | undefined,
): { loggerInstance: FastifyBaseLogger } | { logger: object | false } {
  if (log === undefined) return { logger: false };
  if ('write' in log) return { logger: { stream: log } };
  return { loggerInstance: log };
}
