import {
  authorityPublicPaths,
  crlMediaType,
  ocspRequestMediaType,
  ocspResponseMediaType,
  pemMediaType,
} from '@jami-plugin-store/contract';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Authority } from '../authority.js';
import type { OcspAnswer } from '../ocsp/ocsp-service.js';
import { maxOcspRequestBytes } from '../ocsp/request-reader.js';
import { strictBase64 } from '../pem.js';
import { handleErrors } from './problem.js';
import { boundedServer, type ListenerOptions } from './server-options.js';

export interface PublicServer extends AsyncDisposable {
  /** Port 0: any free one. */
  listen(where: { readonly port: number; readonly host?: string | undefined }): Promise<{ url: string }>;
}

/** Clients look for a newer CRL this often; the entity tag makes looking cheap. */
const crlMaxAgeSeconds = 300;
const maxGetCharacters = 4 * Math.ceil(maxOcspRequestBytes / 3);

/**
 * The listener for everybody: OCSP (RFC 6960 appendix A, RFC 5019), CRLs, the root certificate. It changes nothing.
 * Closing it leaves the authority open.
 */
export function createPublicServer(authority: Authority, options: ListenerOptions = {}): PublicServer {
  const app = Fastify(boundedServer(maxOcspRequestBytes, options));
  handleErrors(app, options.onFailure ?? (() => undefined));
  addOcspRoutes(app, authority);
  addCrlRoute(app, authority);
  addRootRoutes(app, authority);
  return {
    async listen({ port, host = '127.0.0.1' }) {
      await authority.prepare();
      return { url: await app.listen({ port, host }) };
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

function addOcspRoutes(app: FastifyInstance, authority: Authority): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(ocspRequestMediaType, { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  const post = async ({ body }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answer = await authority.answerOcsp(Buffer.isBuffer(body) ? body : Buffer.alloc(0));
    return reply.header('cache-control', 'no-store').type(ocspResponseMediaType).send(answer.der);
  };
  app.post(authorityPublicPaths.ocsp, post);
  app.post(`${authorityPublicPaths.ocsp}/`, post);
  app.get(`${authorityPublicPaths.ocsp}/*`, async (request, reply) => {
    // From the URL as it was sent: base64 may hold a slash, plain or escaped.
    const asked = requestOfPath(request.url.slice(authorityPublicPaths.ocsp.length + 1));
    return sendCacheable(request, reply, await authority.answerOcsp(asked), authority.clock());
  });
}

/** RFC 6960 A.1: base64 of the request, URL-escaped. What it is not becomes an empty, malformed request. */
function requestOfPath(path: string): Buffer {
  const [escaped = ''] = path.split('?', 1);
  const nothing = Buffer.alloc(0);
  if (escaped.length > maxGetCharacters) return nothing;
  try {
    const text = decodeURIComponent(escaped);
    // Some clients leave the padding out, or use the URL-safe alphabet (RFC 4648 5).
    const standard = text.replaceAll('-', '+').replaceAll('_', '/');
    return strictBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '=')) ?? nothing;
  } catch (error) {
    if (error instanceof URIError) return nothing;
    throw error;
  }
}

/** RFC 5019 6.2: what caches need to keep an answer no longer than it is fresh. */
function sendCacheable(
  request: FastifyRequest,
  reply: FastifyReply,
  { der, caching }: OcspAnswer,
  now: Date,
): FastifyReply {
  reply.type(ocspResponseMediaType);
  if (caching === undefined) return reply.header('cache-control', 'no-store').send(der);
  const maxAge = Math.max(0, Math.floor((caching.freshUntil.getTime() - now.getTime()) / 1000));
  reply
    .header('etag', caching.etag)
    .header('last-modified', caching.thisUpdate.toUTCString())
    .header('expires', caching.nextUpdate.toUTCString())
    .header('cache-control', `max-age=${maxAge}, public, no-transform, must-revalidate`);
  return isNotModified(request, caching.etag) ? reply.code(304).send() : reply.send(der);
}

function addCrlRoute(app: FastifyInstance, authority: Authority): void {
  app.get<{ Params: { issuerId: string } }>(authorityPublicPaths.crl(':issuerId'), async (request, reply) => {
    const crl = await authority.crl(request.params.issuerId);
    const leftSeconds = Math.floor((crl.nextUpdate.getTime() - authority.clock().getTime()) / 1000);
    const maxAge = Math.max(0, Math.min(crlMaxAgeSeconds, leftSeconds));
    reply
      .type(crlMediaType)
      .header('etag', crl.etag)
      .header('last-modified', crl.thisUpdate.toUTCString())
      .header('cache-control', `public, max-age=${maxAge}, must-revalidate`);
    return isNotModified(request, crl.etag) ? reply.code(304).send() : reply.send(crl.der);
  });
}

function addRootRoutes(app: FastifyInstance, authority: Authority): void {
  const etag = `"${authority.rootCertificate.fingerprint}"`;
  app.get(authorityPublicPaths.root, async (request, reply) => {
    reply.type(pemMediaType).header('etag', etag).header('cache-control', 'public, max-age=3600');
    return isNotModified(request, etag) ? reply.code(304).send() : reply.send(authority.rootPem);
  });
  app.get(authorityPublicPaths.live, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );
}

/** RFC 9110 13.1.2, weak comparison. */
function isNotModified(request: FastifyRequest, etag: string): boolean {
  const wanted = request.headers['if-none-match'];
  if (wanted === undefined) return false;
  return wanted.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
