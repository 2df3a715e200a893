import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AccessRule, accessTable } from '../access/access-table.js';
import { FixtureCa } from '../judging/package-fixtures.js';
import type { PublishingPlace } from '../publishing/publishing-fixtures.js';
import { openApi } from './api-fixtures.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly object[];
  readonly 'x-roles'?: readonly string[];
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: object }[];
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema?: object }>> }>>;
}

let ca: FixtureCa;
let place: PublishingPlace;
let document: {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

beforeAll(async () => {
  ca = await FixtureCa.create();
  place = await openApi({ ca });
  document = (await place.call('GET', '/openapi.json')).json;
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await ca[Symbol.asyncDispose]();
});

const operations = (): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref') yield String(inner);
    else yield* referencesIn(inner);
  }
}

describe('the OpenAPI document', () => {
  test('has every route of the access table with its roles, and those for anyone', () => {
    expect(document.openapi).toBe('3.1.1');
    const rules: readonly AccessRule[] = accessTable;
    for (const { method, path, roles } of rules) {
      const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      expect([method, path, operation?.['x-roles']]).toEqual([method, path, roles]);
      expect(operation?.security?.length).toBeGreaterThan(0);
    }
    const open = operations().filter(([, , { security }]) => security === undefined);
    expect(open.map(([path, method]) => `${method} ${path}`)).toEqual([
      'get /v1/store',
      'get /v1/plugins',
      'get /v1/plugins/{id}',
      'get /v1/plugins/{id}/statistics',
      'get /v1/categories',
      'get /v1/organizations/{id}',
      'get /v1/feed',
      'post /v1/updates',
      'get /version',
      'get /beta/version',
      'get /v1/application/{channel}',
      'get /v1/application/installers/{sha256}',
      'get /images/sha256/{digest}',
      'get /health/live',
      'get /health/ready',
      'get /metrics',
      'get /openapi.json',
      'get /docs',
      'get /docs/style.css',
    ]);
  });

  test('names operations once, their path parameters all, and refers to nothing that is not there', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, , { parameters = [], summary }] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(summary).toMatch(/^[A-Z]/);
    }
    const known = new Set(
      Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
    );
    for (const reference of referencesIn(document)) expect(known).toContain(reference);
  });

  test('says what is answered', async () => {
    for (const [path, method, { responses }] of operations()) {
      const schema = responses['200']?.content?.['application/json']?.schema;
      if (method !== 'get' || schema === undefined || path.includes('{') || path === '/openapi.json')
        continue;
      const { status, json } = await place.call('GET', path);
      const standing = { ...schema, components: document.components };
      expect([path, status, Schema.Check(standing, json)]).toEqual([path, 200, true]);
    }
  });

  test('is kept like any other answer', async () => {
    const first = await place.call('GET', '/openapi.json');
    expect(first.headers).toMatchObject({ 'cache-control': 'public, no-cache', 'content-type': /json/ });
    const { etag = '' } = first.headers;
    expect((await place.call('GET', '/openapi.json', { headers: { 'if-none-match': etag } })).status).toBe(
      304,
    );
  });
});

describe('the page', () => {
  test('shows every operation and schema, and asks nobody else for anything', async () => {
    const { text, headers } = await place.call('GET', '/docs');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    });
    for (const [path, , { operationId }] of operations()) {
      expect(text).toContain(`id="${operationId}"`);
      expect(text).toContain(`<code>${path}</code>`);
    }
    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`id="schema-${name}"`);
    expect(text).not.toMatch(/<script|<style|style="|https?:\/\/|\son\w+=/);
    const links = [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);
    const own = links.filter((link) => !link.startsWith('#'));
    expect(own).toEqual([expect.stringMatching(/^docs\/style\.css\?[0-9a-f]{8}$/), 'openapi.json']);
    for (const link of own) expect((await place.call('GET', `/${link}`)).status).toBe(200);
    const anchors = links.filter((link) => link.startsWith('#')).map((link) => link.slice(1));
    for (const anchor of new Set(anchors)) expect(text).toContain(`id="${anchor}"`);
  });
});

describe('metrics', () => {
  test('count requests by template and status, and name no address and no id', async () => {
    await place.call('GET', '/v1/plugins/Secretive');
    await place.call('GET', '/v1/plugins/Secretive');
    await place.call('PUT', '/v1/packages', { body: Buffer.from('x') });
    const { text, status, headers } = await place.call('GET', '/metrics');
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
    const labels = 'method="GET",route="/v1/plugins/:id",status="404"';
    expect(text).toContain(`jpl_store_http_request_duration_seconds_count{${labels}} 2`);
    expect(text).toContain('jpl_store_uploads_total{outcome="refused"} 1');
    expect(text).toMatch(/^jpl_store_database_up\{kind="sqlite"\} 1$/m);
    expect(text).toMatch(/^jpl_store_event_loop_lag_seconds\{quantile="0.99"\} [\d.e-]+$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).not.toMatch(/Secretive|127\.0\.0\.1/);
  });

  test.each(['x-forwarded-for', 'forwarded', 'via'])(
    'are not for who comes through a proxy (%s)',
    async (field) => {
      const reply = await place.call('GET', '/metrics', { headers: { [field]: '192.0.2.1' } });
      expect([reply.status, reply.json.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    },
  );

  test('are for anyone where the operator says so', async () => {
    await using open = await openApi({ ca, readers: 'anyone' });
    expect((await open.call('GET', '/metrics', { headers: { via: '1.1 proxy' } })).status).toBe(200);
  });
});
