import type { AddressInfo, Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { pageAddress } from '@jami-plugin-store/contract';
import type { FastifyRequest } from 'fastify';
import type { Client } from '../client.js';
import { ClientError } from '../error.js';
import { PageModel } from '../page/page-model.js';
import { isOwnCaller } from './caller-user.js';
import { EventStreams } from './event-stream.js';
import { PluginImages } from './image-route.js';
import { PackageIntake } from './package-intake.js';
import { readPageFiles } from './page-files.js';
import { pageGuard } from './page-guard.js';
import { pageRoutesOf } from './page-routes.js';
import { PageSessions } from './page-session.js';
import { isDefect, sendProblem } from './problem-reply.js';

export interface ServePageOptions {
  /** 0: any free port. */
  port?: number | undefined;
  /** The built files of the page; without them the host answers the page's questions, and has no page. */
  filesDir?: string | undefined;
  /** Hears of defects: what a caller is told only as INTERNAL. */
  onDefect?: ((error: unknown) => void) | undefined;
  maxConnections?: number | undefined;
  maxPackageBytes?: number | undefined;
  heartbeatMs?: number | undefined;
  /** How long requests under way may take when the host is closed. */
  closeGraceMs?: number | undefined;
}

export interface PageHost extends AsyncDisposable {
  /** e.g. `http://127.0.0.1:7412` */
  readonly origin: string;
  /** False: the page was not built. */
  readonly hasPage: boolean;
  /** Every route beside the page's files, e.g. `GET /page/state`. */
  readonly routes: readonly string[];
  /** An address that opens the page, once and within a minute. */
  issueAddress(): string;
}

const maxBodyBytes = 512 * 1024;
const maxHeaderBytes = 16 * 1024;
const defaultMaxPackageBytes = 512 * 1024 * 1024;
const patienceMs = { headers: 10_000, request: 600_000, betweenChecks: 1_000 };
/** An id of 64 characters, each percent-encoded. */
const maxParamLength = 3 * 64;

/** Serves the user's page on loopback until disposed of; the client stays open. */
export async function servePage(client: Client, options: ServePageOptions = {}): Promise<PageHost> {
  // Loaded here: whoever installs in a terminal has no use for it.
  const { default: fastify } = await import('fastify');
  const files = await readPageFiles(options.filesDir);
  const model = new PageModel(client);
  const streams = new EventStreams(model, {
    maxStreams: 32,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    maxPending: 4_096,
  });
  const intake = new PackageIntake(model, {
    maxBytes: options.maxPackageBytes ?? defaultMaxPackageBytes,
    maxAtOnce: 2,
  });
  const app = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: patienceMs.request,
    forceCloseConnections: 'idle',
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: patienceMs.headers,
      connectionsCheckingInterval: patienceMs.betweenChecks,
    },
    routerOptions: { maxParamLength },
    // A question for the head of a stream of events would never end.
    exposeHeadRoutes: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, error),
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = options.maxConnections ?? 256;
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => void routes.push(`${String(method)} ${url}`));
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/octet-stream', (_request, body, done) => done(null, body));

  const portOf = (): number => (app.server.address() as AddressInfo | null)?.port ?? 0;
  const sessions = new PageSessions({ clock: client.options.clock, port: portOf });
  app.addHook('onRequest', pageGuard({ port: portOf, sessions, isOwnCaller: callersOf() }));
  app.setErrorHandler((error, _request, reply) => {
    if (isDefect(error)) options.onDefect?.(error);
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const sent = isRead ? files.send(request, reply) : undefined;
    return sent ?? sendProblem(reply, new ClientError('ROUTE_NOT_FOUND', 'There is nothing at this address'));
  });
  await app.register(pageRoutesOf({ model, sessions, streams, images: new PluginImages(client), intake }));

  const close = async (): Promise<void> => {
    streams[Symbol.dispose]();
    model[Symbol.dispose]();
    // Requests under way get their answer; whoever only holds a connection open does not hold up the end.
    const patience = setTimeout(() => app.server.closeAllConnections(), options.closeGraceMs ?? 2_000);
    await app.close();
    clearTimeout(patience);
  };
  try {
    await intake.tidy();
    await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  } catch (error) {
    await close();
    throw error;
  }
  const origin = `http://127.0.0.1:${portOf()}`;
  return {
    origin,
    hasPage: !files.isEmpty,
    routes,
    issueAddress: () => pageAddress(origin, sessions.issueCode()),
    [Symbol.asyncDispose]: close,
  };
}

/** Looks a connection's user up once. */
function callersOf(): (request: FastifyRequest) => Promise<boolean> {
  const known = new WeakMap<Socket, Promise<boolean>>();
  return (request) => {
    const { socket } = request.raw;
    const answer = known.get(socket) ?? isOwnCaller(socket);
    known.set(socket, answer);
    return answer;
  };
}
