import type { FastifyRequest } from 'fastify';
import type { PreparedAnswers } from './prepared-answers.js';
import type { TimedBody } from './prepared-body.js';
import { platformOf, pluginIdOf } from './route-input.js';

/** A resource whose answers are made ahead. */
export interface PreparedRoute {
  readonly path: string;
  answer(request: FastifyRequest): Promise<TimedBody>;
}

/** The calls of Jami's desktop client that answer JSON: `/`, `/details/:id`, `/versions/:id`. */
export function jamiRoutes(answers: PreparedAnswers): PreparedRoute[] {
  return [
    { path: '/', answer: (request) => answers.listing(askedPlatform(request), wishOf(request)) },
    {
      path: '/details/:id',
      answer: (request) => answers.details(askedPlugin(request), askedPlatform(request), wishOf(request)),
    },
    {
      path: '/versions/:id',
      answer: (request) => answers.versions(askedPlugin(request), askedPlatform(request), wishOf(request)),
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
