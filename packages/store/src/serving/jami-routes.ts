import type { FastifyRequest } from 'fastify';
import type { PreparedAnswers } from './prepared-answers.js';
import { platformOf, pluginIdOf } from './route-input.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';

/** The calls of Jami's desktop client that answer JSON: `/`, `/details/:id`, `/versions/:id`. */
export function jamiRoutes(answers: PreparedAnswers): ServedRoute[] {
  return [
    {
      path: '/',
      handle: async (request, reply) =>
        sendPrepared(request, reply, await answers.listing(askedPlatform(request), wishOf(request))),
    },
    {
      path: '/details/:id',
      handle: async (request, reply) =>
        sendPrepared(
          request,
          reply,
          await answers.details(askedPlugin(request), askedPlatform(request), wishOf(request)),
        ),
    },
    {
      path: '/versions/:id',
      handle: async (request, reply) =>
        sendPrepared(
          request,
          reply,
          await answers.versions(askedPlugin(request), askedPlatform(request), wishOf(request)),
        ),
    },
  ];
}

/** @throws {StoreError} PLATFORM_MISSING | PLATFORM_MALFORMED */
export function askedPlatform(request: FastifyRequest): string {
  return platformOf((request.query as { arch?: unknown }).arch);
}

/** @throws {StoreError} PLUGIN_ID_MALFORMED */
export function askedPlugin(request: FastifyRequest): string {
  return pluginIdOf((request.params as { id?: unknown }).id);
}

function wishOf(request: FastifyRequest): string | undefined {
  return request.headers['accept-language'];
}
