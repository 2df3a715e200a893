import * as contract from '@jami-plugin-store/contract';
import type { FastifyInstance, RouteOptions } from 'fastify';

declare module 'fastify' {
  interface FastifySchema {
    /** What the OpenAPI document says of a route, in a line. */
    summary?: string;
  }
}

/** A JSON Schema (2020-12), or a part of an OpenAPI document. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = Readonly<Record<string, Json>>;

const { DaemonProblem, problemMediaType } = contract;
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
    const named = new NamedSchemas();
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

/** `GET /v1/plugins/:id/load` is `getPluginsIdLoad`. */
function operationIdOf(method: string, url: string): string {
  const words = url
    .replace(/^\/v\d+\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

function parametersOf(
  place: 'path' | 'query' | 'header',
  schema: unknown,
  named: NamedSchemas,
): JsonObject[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, unknown>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: named.referTo(property),
  }));
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

/** The contract's schemas by their names; equal texts are one schema, wherever they stand. */
class NamedSchemas {
  readonly #nameOf = new Map<string, string>();
  readonly #used = new Map<string, Json>();

  constructor() {
    for (const [name, value] of Object.entries(contract)) {
      const isSchema = /^[A-Z]/.test(name) && typeof value === 'object' && !Array.isArray(value);
      const text = JSON.stringify(value);
      if (isSchema && !this.#nameOf.has(text)) this.#nameOf.set(text, name);
    }
  }

  referTo(schema: unknown): Json {
    const name = this.#nameOf.get(JSON.stringify(schema));
    if (name === undefined) return this.#inside(schema);
    if (!this.#used.has(name)) {
      this.#used.set(name, null);
      this.#used.set(name, this.#inside(schema));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  used(): JsonObject {
    return Object.fromEntries([...this.#used].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #inside(schema: unknown): Json {
    if (Array.isArray(schema)) return schema.map((item) => this.referTo(item));
    if (typeof schema !== 'object' || schema === null) return schema as Json;
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, this.referTo(value)]));
  }
}
