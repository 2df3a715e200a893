import { createServer } from 'node:http';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import {
  authorityPublicPaths,
  crlMediaType,
  pemMediaType,
  RevocationPage,
  RevocationQuery,
} from '@jami-plugin-store/contract';
import Fastify, { type FastifyInstance } from 'fastify';
import type { PublicFace } from '../public-face.js';
import { isNotModified } from './not-modified.js';
import { createOcspEndpoint } from './ocsp-endpoint.js';
import { handleErrors } from './problem.js';
import { RevocationStream, type StreamOptions } from './revocation-stream.js';
import {
  boundConnections,
  boundedServer,
  type ListenAddress,
  type ListenerOptions,
  nodeServerOptions,
  urlOf,
} from './server-options.js';

export interface PublicServerOptions extends ListenerOptions {
  readonly stream?: StreamOptions | undefined;
}

export interface PublicServer extends AsyncDisposable {
  listen(where: ListenAddress): Promise<{ url: string }>;
}

/** Clients look for a newer CRL this often; the entity tag makes looking cheap. */
const crlMaxAgeSeconds = 300;
/** Lists and signers are made in time also where nobody asks here for them. */
const upkeepMs = 60_000;

/**
 * The listener for everybody: OCSP, CRLs, what was revoked, the root certificate. It changes nothing. Closing it leaves the authority
 * open.
 */
export function createPublicServer(face: PublicFace, options: PublicServerOptions = {}): PublicServer {
  const report = options.onFailure ?? (() => undefined);
  const ocsp = createOcspEndpoint(face, report);
  const server = createServer(nodeServerOptions(options));
  boundConnections(server);
  const app = Fastify({
    // Everything that has a body is taken before.
    ...boundedServer(1024, options),
    serverFactory: (handler) =>
      server.on('request', (request, response) => {
        if (!ocsp.handle(request, response)) handler(request, response);
      }),
  });
  app.removeAllContentTypeParsers();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  handleErrors(app, report);
  addCrlRoute(app, face);
  addRevocationRoutes(app, face, new RevocationStream(face, report, options.stream));
  addRootRoutes(app, face);
  let upkeep: NodeJS.Timeout | undefined;
  return {
    async listen({ port, host = '127.0.0.1' }) {
      await face.prepare();
      upkeep = setInterval(() => face.prepare().catch(report), upkeepMs).unref();
      await app.listen({ port, host });
      return { url: urlOf('http', server) };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(upkeep);
      ocsp.close();
      await app.close();
    },
  };
}

function addCrlRoute(app: FastifyInstance, face: PublicFace): void {
  app.get<{ Params: { issuerId: string } }>(authorityPublicPaths.crl(':issuerId'), async (request, reply) => {
    const crl = await face.crl(request.params.issuerId);
    const leftSeconds = Math.floor((crl.nextUpdate.getTime() - face.clock().getTime()) / 1000);
    const maxAge = Math.max(0, Math.min(crlMaxAgeSeconds, leftSeconds));
    reply
      .type(crlMediaType)
      .header('etag', crl.etag)
      .header('last-modified', crl.thisUpdate.toUTCString())
      .header('cache-control', `public, max-age=${maxAge}, must-revalidate`);
    return isNotModified(request.headers, crl.etag) ? reply.code(304).send() : reply.send(crl.der);
  });
}

function addRevocationRoutes(app: FastifyInstance, face: PublicFace, stream: RevocationStream): void {
  app.get<{ Querystring: RevocationQuery }>(
    authorityPublicPaths.revocations,
    { schema: { querystring: RevocationQuery, response: { 200: RevocationPage } } },
    async ({ query }, reply) => reply.header('cache-control', 'no-store').send(face.revocations(query)),
  );
  app.addHook('preClose', async () => stream[Symbol.asyncDispose]());
  app.get<{ Querystring: RevocationQuery }>(
    authorityPublicPaths.revocationEvents,
    { schema: { querystring: RevocationQuery }, exposeHeadRoute: false },
    async ({ headers, query }, reply) => {
      const { 'last-event-id': lastId } = headers;
      // A listener that comes again says in the header how far it came, whatever the address it began with.
      const resumed = typeof lastId === 'string' && /^\d{1,15}$/.test(lastId) ? Number(lastId) : undefined;
      stream.open(reply.raw, resumed ?? query.after);
      return reply.hijack();
    },
  );
}

function addRootRoutes(app: FastifyInstance, face: PublicFace): void {
  app.get(authorityPublicPaths.root, async (request, reply) => {
    const etag = `"${face.rootCertificate.fingerprint}"`;
    reply.type(pemMediaType).header('etag', etag).header('cache-control', 'public, max-age=3600');
    return isNotModified(request.headers, etag) ? reply.code(304).send() : reply.send(face.rootPem);
  });
  app.get(authorityPublicPaths.live, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );
  app.get(authorityPublicPaths.ready, async (_request, reply) => {
    face.assertReady();
    return reply.header('cache-control', 'no-store').send({ status: 'ok' });
  });
}
