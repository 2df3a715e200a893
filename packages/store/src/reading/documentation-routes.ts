import { createHash } from 'node:crypto';
import { catalogPaths } from '@jami-plugin-store/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type PreparedBody, prepareBody } from '../serving/prepared-body.js';
import { sendPrepared } from '../serving/send.js';
import { documentationPage, documentationStyle } from './documentation-page.js';
import { type ApiDescription, openApiDocument } from './openapi.js';
import type { ReadingRoute } from './reading-route.js';

/** The page loads its own style and nothing else; it needs no script. */
const pagePolicy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/openapi.json` and `/docs`, a page of it that a browser shows without asking anybody else for anything. */
export function documentationRoutes(api: ApiDescription): ReadingRoute[] {
  const own: ReadingRoute[] = [
    routeOf(catalogPaths.openapi, 'This description: OpenAPI 3.1', 'application/json', () => document()),
    routeOf(catalogPaths.documentation, 'This description as a page', 'text/html', page, (reply) =>
      reply.header('content-security-policy', pagePolicy),
    ),
    routeOf(
      `${catalogPaths.documentation}/style.css`,
      'The page’s style',
      'text/css',
      () => documentationStyle,
    ),
  ];
  const all = { ...api, routes: [...api.routes, ...own] };
  let written: string | undefined;
  // Made when it is first asked for: a store starts without it.
  const document = (): string => (written ??= JSON.stringify(openApiDocument(all)));
  function page(): string {
    const style = createHash('sha256').update(documentationStyle).digest('hex').slice(0, 8);
    return documentationPage(JSON.parse(document()), style);
  }
  return own;
}

function routeOf(
  path: string,
  summary: string,
  mediaType: string,
  write: () => string,
  mark: (reply: FastifyReply) => unknown = () => undefined,
): ReadingRoute {
  let prepared: Promise<PreparedBody> | undefined;
  return {
    path,
    operation: { summary, tag: 'service', answer: { mediaType }, refusals: [] },
    async handle(request: FastifyRequest, reply: FastifyReply) {
      prepared ??= prepareBody(Buffer.from(write()), `${mediaType}; charset=utf-8`);
      const body = await prepared;
      mark(reply);
      return sendPrepared(request, reply, body);
    },
  };
}
