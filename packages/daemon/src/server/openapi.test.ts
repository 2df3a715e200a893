import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { daemonRoutes } from '@jami-plugin-store/contract';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type DaemonServer, serveDaemon } from './serve-daemon.js';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}
interface Document {
  readonly openapi: string;
  readonly security?: readonly object[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object>; securitySchemes?: object };
}

let fixtures: DaemonFixtures;
let daemon: Daemon;
let server: DaemonServer;
let document: Document;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  const authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  daemon = await startDaemon(fixtures, [authority.anchor]);
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50 });
  await daemon.install({ path: await writePackage(fixtures, signer) });
  document = (await get(daemonRoutes.openapi)).body as Document;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  await fixtures[Symbol.asyncDispose]();
});

async function get(path: string, headers = {}): Promise<{ status: number; type: string; body: unknown }> {
  const request = httpRequest({ path, headers, agent: false, socketPath: server.socket });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const type = String(response.headers['content-type']).split(';')[0] ?? '';
  return { status: response.statusCode ?? 0, type, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

const operations = (): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );

/** A schema of the document, standing alone: its references lead into the document's own. */
const standing = (schema: object): object => ({ ...schema, components: document.components });

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref') yield String(inner);
    else yield* referencesIn(inner);
  }
}

describe('the OpenAPI document', () => {
  it('describes every route there is', () => {
    expect(document.openapi).toBe('3.1.1');
    const known = operations().map(([path, method]) => `${method} ${path}`);
    const routes = ['get /v1/info', 'get /v1/plugins', 'post /v1/plugins', 'get /v1/plugins/{id}'];
    expect(known).toEqual(expect.arrayContaining([...routes, 'delete /v1/plugins/{id}', 'get /v1/events']));
    expect(known).toContain('get /v1/openapi.json');
    expect(known.some((name) => name.startsWith('head '))).toBe(false);
  });

  it('names operations once, their path parameters all, and what they answer', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, , { parameters = [], responses }] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(declared.every(({ required }) => required)).toBe(true);
      // What is not supported is only ever refused.
      const isRefused = /toggle-handler|web-view/.test(path);
      expect(Object.keys(responses)).toEqual(isRefused ? ['default'] : ['200', 'default']);
      for (const { description } of Object.values(responses)) expect(description).not.toBe('');
    }
  });

  it('leads nowhere else, and has no schema nobody uses', () => {
    const references = new Set(referencesIn(document));
    const schemas = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    expect([...references].sort()).toEqual(schemas.sort());
    expect(schemas).toContain('#/components/schemas/DaemonProblem');
  });

  it.each([
    [daemonRoutes.info, '/v1/info', '200'],
    [daemonRoutes.plugins, '/v1/plugins', '200'],
    [daemonRoutes.plugin('Greeter'), '/v1/plugins/{id}', '200'],
    [daemonRoutes.plugin('Nobody'), '/v1/plugins/{id}', 'default'],
    [`${daemonRoutes.plugins}?lang=`, '/v1/plugins', 'default'],
  ])('says what %s really answers', async (address, path, status) => {
    const { type, body } = await get(address);
    const schema = document.paths[path]?.get?.responses[status]?.content[type]?.schema;
    expect(schema).toBeDefined();
    const check = Schema.Compile(standing(schema ?? {}));
    expect(check.Check(body)).toBe(true);
    expect(check.Check(null)).toBe(false);
  });

  it('says what requests may be', () => {
    const body = document.paths['/v1/plugins']?.post?.requestBody?.content['application/json']?.schema ?? {};
    const check = Schema.Compile(standing(body));
    expect(check.Check({ path: '/a', force: true, expect: { id: 'A' } })).toBe(true);
    expect(check.Check({ path: '/a', anchors: [] })).toBe(false);
    expect(check.Check({ path: 1 })).toBe(false);
  });

  it('says that a secret is asked for where one is', async () => {
    expect(document.security).toBeUndefined();
    await server[Symbol.asyncDispose]();
    server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), secret: 'x', closeGraceMs: 50 });
    expect((await get(daemonRoutes.openapi)).status).toBe(401);
    const guarded = (await get(daemonRoutes.openapi, { authorization: 'Bearer x' })).body as Document;
    expect(guarded.security).toEqual([{ secret: [] }]);
    expect(guarded.components.securitySchemes).toEqual({ secret: { type: 'http', scheme: 'bearer' } });
  });
});
