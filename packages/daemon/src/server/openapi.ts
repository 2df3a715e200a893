import type { Json, JsonObject } from '@jami-plugin-store/contract';
import * as contract from '@jami-plugin-store/contract';
import type { FastifyInstance, RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** What the OpenAPI document says of a route, in a line. */
    summary?: string;
  }
}

const { DaemonProblem, NamedSchemas, operationIdOf, parametersOf, problemMediaType } = contract;
type NamedSchemas = contract.NamedSchemas;
const secretScheme = 'secret';

/**
 * Collects an application's routes from now on; the function returned writes them down as an OpenAPI 3.1.1 document. Its
 * schemas are those that requests are checked and answers are written by: there is no second text that could be wrong.
 */
export function openApiOf(
  app: FastifyInstance,
  about: { title: string; version: string; hasSecret: boolean },
): () => JsonObject {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  return () => {
    const named = new NamedSchemas(contract);
    const paths: Record<string, Record<string, Json>> = {};
    for (const route of routes) {
      for (const method of [route.method].flat()) {
        if (method === 'HEAD') continue;
        const path = route.url.replace(/:(\w+)/g, '{$1}');
        paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(method, route, named) };
      }
    }
    return {
      openapi: '3.1.1',
      info: { title: about.title, version: about.version },
      servers: [{ url: 'http://localhost', description: 'Over the Unix socket or named pipe of the daemon' }],
      ...(about.hasSecret ? { security: [{ [secretScheme]: [] }] } : {}),
      paths,
      components: {
        schemas: named.used(),
        ...(about.hasSecret
          ? { securitySchemes: { [secretScheme]: { type: 'http', scheme: 'bearer' } } }
          : {}),
      },
    };
  };
}

function operationOf(method: string, { url, schema }: RouteOptions, named: NamedSchemas): JsonObject {
  const { summary, params, querystring, headers, body, response } = schema ?? {};
  const parameters = [
    ...parametersOf('path', params, named),
    ...parametersOf('query', querystring, named),
    ...parametersOf('header', headers, named),
  ];
  return {
    operationId: operationIdOf(method, url),
    ...(summary === undefined ? {} : { summary }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: named.referTo(body) } },
          },
        }),
    responses: {
      ...responsesOf(response, named),
      default: {
        description: 'Refused: problem details (RFC 9457) with the exact code',
        content: { [problemMediaType]: { schema: named.referTo(DaemonProblem) } },
      },
    },
  };
}

function responsesOf(response: unknown, named: NamedSchemas): Record<string, Json> {
  return Object.fromEntries(
    Object.entries((response ?? {}) as Record<string, unknown>).map(([status, schema]) => [
      status,
      { description: 'Done', content: contentOf(schema, named) },
    ]),
  );
}

/** fastify takes a schema, or schemas by media type. */
function contentOf(schema: unknown, named: NamedSchemas): JsonObject {
  const { content = { 'application/json': { schema } } } = schema as {
    content?: Record<string, { schema: unknown }>;
  };
  return Object.fromEntries(
    Object.entries(content).map(([type, media]) => [type, { schema: named.referTo(media.schema) }]),
  );
}
