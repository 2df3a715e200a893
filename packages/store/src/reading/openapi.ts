import * as contract from '@jami-plugin-store/contract';
import { type TSchema, Type } from 'typebox';
import { type AccessRule, accessTable } from '../access/access-table.js';
import type { GuardedRouteDefinition, GuardedRoutes } from '../access/guarded-routes.js';
import type { ServedRoute } from '../serving/server.js';
import { jamiOperations } from './jami-operations.js';
import {
  pluginIdParameter,
  type ReadingOperation,
  type ReadingRoute,
  sha256Parameter,
} from './reading-route.js';

type Json = contract.Json;
type JsonObject = contract.JsonObject;
const { NamedSchemas, operationIdOf, parametersOf, Problem, problemMediaType, storeErrorTable } = contract;
type NamedSchemas = contract.NamedSchemas;

export interface ApiDescription {
  readonly title: string;
  /** Of the program. */
  readonly version: string;
  /** For anyone; those that say nothing of themselves are Jami's own. */
  readonly routes: readonly (ServedRoute | ReadingRoute)[];
  /** Behind the access table. */
  readonly guarded: Partial<GuardedRoutes>;
}

/**
 * Every route of a store as an OpenAPI 3.1.1 document, in the schemas that requests are checked by, so there is no second text that could be
 * wrong. Of routes that are not for everyone it says who may call them.
 */
export function openApiDocument({ title, version, routes, guarded }: ApiDescription): JsonObject {
  const named = new NamedSchemas(contract);
  const paths: Record<string, Record<string, Json>> = {};
  const add = (path: string, method: string, operation: JsonObject): void => {
    const address = path.replace(/:(\w+)/g, '{$1}');
    paths[address] = { ...paths[address], [method.toLowerCase()]: operation };
  };
  for (const route of routes) {
    const operation = 'operation' in route ? route.operation : jamiOperations[route.path];
    if (operation === undefined) continue;
    const method = route.question === undefined ? 'GET' : 'POST';
    add(route.path, method, readingOperation(method, route.path, operation, named));
  }
  for (const rule of accessTable) {
    const definition = guarded[`${rule.method} ${rule.path}` as keyof GuardedRoutes];
    if (definition !== undefined) add(rule.path, rule.method, guardedOperation(rule, definition, named));
  }
  return {
    openapi: '3.1.1',
    info: {
      title,
      version,
      description: 'A plugin store for Jami. Refusals are problem details (RFC 9457) with an exact code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: './' }],
    tags: [
      { name: 'catalog', description: 'Reading, for anyone' },
      { name: 'jami', description: 'What Jami’s own clients ask for' },
      {
        name: 'publishing',
        description: 'Certificates, uploads, review, and what becomes of what is published',
      },
      { name: 'service', description: 'How the store is doing' },
    ],
    paths,
    components: {
      schemas: named.used(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of this store: jpl_…' },
        requestSecret: {
          type: 'http',
          scheme: 'bearer',
          description: 'The secret a certificate request is followed with: jpr_…',
        },
      },
    },
  };
}

function readingOperation(
  method: string,
  path: string,
  { summary, tag, params = {}, query, body, answer, refusals }: ReadingOperation,
  named: NamedSchemas,
): JsonObject {
  const parameters = [
    ...parametersOf('path', Type.Object({ ...params }), named),
    ...parametersOf('query', query, named),
  ];
  const isKept = method === 'GET' && tag !== 'service';
  return {
    operationId: operationIdOf(method, path),
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: jsonBody(body, named) }),
    responses: {
      200: { description: 'Done', content: contentOf(answer, named) },
      ...(isKept ? { 304: { description: 'Not modified: the entity tag is the one asked with' } } : {}),
      ...refusalsOf(refusals, named),
    },
  };
}

function guardedOperation(
  rule: AccessRule,
  { summary, body, query, takesStream, response }: GuardedRouteDefinition,
  named: NamedSchemas,
): JsonObject {
  const { method, path, roles, scope } = rule;
  const parameters = [...parametersOf('path', paramsOf(path), named), ...parametersOf('query', query, named)];
  const isHead = method === 'HEAD';
  return {
    operationId: operationIdOf(method, path),
    summary,
    description: `For: ${roles.join(', ')}.${scope === undefined ? '' : ` Scope: ${scope}.`}`,
    'x-roles': [...roles],
    ...(scope === undefined ? {} : { 'x-scope': scope }),
    tags: ['publishing'],
    security: securityOf(rule),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: jsonBody(body, named) }),
    ...(takesStream === true
      ? { requestBody: { required: true, content: { 'application/octet-stream': {} } } }
      : {}),
    responses: {
      '2XX': {
        description: 'Done',
        ...(response === undefined || isHead ? {} : { content: contentOf(response, named) }),
      },
      default: refusal('Refused', named),
    },
  };
}

/** RFC 6750: a token; none where anyone may call it; the secret of the certificate request that the address names. */
function securityOf({ roles }: AccessRule): Json[] {
  const needsToken = roles.some((role) => role !== 'anyone' && role !== 'requester');
  return [
    ...(roles.includes('anyone') ? [{}] : []),
    ...(needsToken ? [{ token: [] }] : []),
    ...(roles.includes('requester') ? [{ requestSecret: [] }] : []),
  ];
}

const recordId = Type.String({ pattern: '^[0-9a-f]{16}$', description: '16 hex digits' });

function paramsOf(path: string): TSchema {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  return Type.Object(Object.fromEntries(names.map((name) => [name, paramOf(path, name)])));
}

function paramOf(path: string, name: string): TSchema {
  if (name === 'sha256' || path.startsWith('/v1/organizations/')) return sha256Parameter;
  if (name === 'version') return Type.String({ minLength: 1, maxLength: 64 });
  if (name === 'channel') return Type.Enum(['stable', 'beta']);
  return path.startsWith('/v1/plugins/') ? pluginIdParameter : recordId;
}

function jsonBody(schema: TSchema, named: NamedSchemas): JsonObject {
  return { required: true, content: { 'application/json': { schema: named.referTo(schema) } } };
}

function contentOf(answer: ReadingOperation['answer'], named: NamedSchemas): JsonObject {
  if ('mediaType' in answer && typeof answer.mediaType === 'string') return { [answer.mediaType]: {} };
  return { 'application/json': { schema: named.referTo(answer) } };
}

/** By status: the codes that come with it. */
function refusalsOf(codes: readonly contract.StoreErrorCode[], named: NamedSchemas): Record<string, Json> {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const { status } = storeErrorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return {
    ...Object.fromEntries([...byStatus].map(([status, those]) => [status, refusal(those.join(', '), named)])),
    default: refusal('Refused', named),
  };
}

function refusal(description: string, named: NamedSchemas): JsonObject {
  return { description, content: { [problemMediaType]: { schema: named.referTo(Problem) } } };
}
