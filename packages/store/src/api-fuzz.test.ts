import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem, problemMediaType, type StoreRole } from '@jami-plugin-store/contract';
import { notOffered } from '@jami-plugin-store/trust';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileOpenRequest } from './access/requester-fixtures.js';
import { createSecret, secretText } from './access/secret.js';
import { createToken } from './access/token-desk.js';
import { openDatabase } from './database/open-database.js';
import { FixtureCa, fixtureInstant } from './judging/package-fixtures.js';
import { createStore, type Store } from './store.js';

/** What is read of the store's own description. */
interface Operation {
  readonly parameters?: readonly { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema?: Schema }>> };
}
type Schema = Readonly<Record<string, unknown>>;

let ca: FixtureCa;
let store: Store;
let dataDir: string;
let port: number;
let schemas: Readonly<Record<string, Schema>>;
let operations: [method: string, path: string, operation: Operation][];
const tokens: (string | undefined)[] = [undefined, 'jpl_nobody', `jpl_${'0'.repeat(16)}_${'0'.repeat(64)}`];
const requester = createSecret();
let organization: string;

beforeAll(async () => {
  ca = await FixtureCa.create();
  dataDir = await mkdtemp(join(tmpdir(), 'jpl-fuzz-'));
  const enough = { burst: 1e9, perSecond: 1e9 };
  const clock = () => fixtureInstant;
  store = await createStore({
    dataDir,
    anchors: ca.anchors,
    clock,
    revocation: 'when-named',
    ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
    publishing: {
      terms: 'Be kind.',
      rates: { token: enough, filing: enough, reading: enough, failing: enough },
    },
  });
  port = Number(new URL((await store.listen({ port: 0 })).url).port);
  await seed();
  const { text } = await ask('GET', '/openapi.json', {});
  const document = JSON.parse(text);
  ({ schemas } = document.components);
  operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, string, Operation] => [
        method.toUpperCase(),
        path,
        operation,
      ]),
  );
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  await ca[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

/** Somebody of every role, and something to ask about. */
async function seed(): Promise<void> {
  await using database = await openDatabase({ dataDir });
  const publisher = await ca.publisher('Acme');
  const tokenOf = async (role: StoreRole, its?: string): Promise<string> => {
    const wish = { label: `a ${role}`, role, ...(its === undefined ? {} : { organization: its }) };
    const made = await database.transact((tx) => createToken(tx, { role: 'store' }, wish, fixtureInstant));
    return made.token;
  };
  const operator = await tokenOf('operator');
  const chainPem = publisher.organization.pem.toString();
  const made = await ask('POST', '/v1/organizations', {
    token: operator,
    body: JSON.stringify({ chainPem }),
  });
  organization = JSON.parse(made.text).id;
  tokens.push(operator, await tokenOf('reviewer'), await tokenOf('publisher', organization));
  tokens.push(secretText('jpr', requester));
  await fileOpenRequest(database, requester);
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

interface Sent {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Longer is a hang. */
const answerMs = 30_000;

/** undefined = the server hung up on a body it would not take. */
function ask(method: string, path: string, { token, headers, body }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = {
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    };
    const request = httpRequest(
      { port, method, path, headers: sent, agent: false, timeout: answerMs },
      async (answer) => {
        const chunks: Buffer[] = [];
        try {
          for await (const chunk of answer) chunks.push(chunk);
        } catch (error) {
          reject(error);
          return;
        }
        const type = answer.headers['content-type'] ?? '';
        resolve({ status: answer.statusCode ?? 0, type, text: Buffer.concat(chunks).toString() });
      },
    );
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer`)));
    request.on('error', reject);
    request.end(body);
  });
}

const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '../../etc/passwd',
    '%2e%2e%2f',
    '\u0000',
    '__proto__',
    'constructor',
    "'; drop table plugins; --",
    '"',
    '\\',
    '*',
    '%',
    '-1',
    '1e9',
    'NaN',
    '\ud83d\ude00',
    'ﷺ'.repeat(50),
    'x'.repeat(5_000),
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
);

/** Values a schema allows, more or less: patterns and formats are kept where that is easy. */
function likely(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const {
    $ref,
    type,
    enum: choices,
    const: only,
    pattern,
    format,
    anyOf,
  } = schema as {
    $ref?: string;
    type?: string;
    enum?: unknown[];
    const?: unknown;
    pattern?: string;
    format?: string;
    anyOf?: Schema[];
  };
  if ($ref !== undefined) return likely(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, depth);
  if (choices !== undefined) return fc.constantFrom(...choices);
  if (only !== undefined) return fc.constant(only);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((each) => likely(each, depth)));
  if (type === 'object') return objectOf(schema, depth);
  if (type === 'array') {
    const items = (schema.items ?? {}) as Schema;
    const minLength = Number(schema.minItems ?? 0);
    return fc.array(likely(items, depth + 1), { minLength, maxLength: minLength + (depth > 2 ? 0 : 3) });
  }
  if (type === 'integer')
    return fc.integer({ min: Number(schema.minimum ?? -5), max: Number(schema.maximum ?? 1e9) });
  if (type === 'boolean') return fc.boolean();
  if (format === 'date-time') return fc.constantFrom('2026-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z');
  if (pattern !== undefined) return matching(pattern);
  return stringOf(schema);
}

function stringOf(schema: Schema): fc.Arbitrary<string> {
  const minLength = Number(schema.minLength ?? 0);
  const maxLength = Math.min(Number(schema.maxLength ?? 200), 400);
  return fc.oneof(fc.string({ minLength, maxLength }), fc.constantFrom('Foo', '1.0', 'Acme', 'a reason'));
}

/** The seeded things, which the patterns of ids and digests allow, and others like them. */
function matching(pattern: string): fc.Arbitrary<string> {
  if (pattern.includes('{64}')) return fc.constantFrom(organization, '0'.repeat(64), 'ab'.repeat(32));
  if (pattern.includes('{16}')) return fc.constantFrom(requester.id, '0'.repeat(16));
  return fc.oneof(
    fc.stringMatching(new RegExp(pattern)),
    fc.constantFrom('x86_64-linux-gnu', 'video', 'AAAA'),
  );
}

function objectOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
  const requiredKeys = (schema.required ?? []) as string[];
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [name, likely(each, depth + 1)]),
  );
  return fc.record(model, { requiredKeys });
}

/** Mostly what the schema wants, sometimes something else. */
function nearly(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: good },
    { weight: 3, arbitrary: hostile },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly sent: Sent;
}

const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
const encoded = (value: unknown): string => encodeURIComponent(Buffer.from(text(value)).toString());

function questionOf([
  method,
  path,
  { parameters = [], requestBody },
]: (typeof operations)[number]): fc.Arbitrary<Question> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const values = fc.record(
    Object.fromEntries(inPath.map(({ name, schema }) => [name, nearly(likely(schema))])),
  );
  const query = fc.record(
    {
      ...Object.fromEntries(inQuery.map(({ name, schema }) => [name, nearly(likely(schema))])),
      unheard: hostile,
    },
    { requiredKeys: [] },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const json =
    schema === undefined
      ? fc.constant(undefined)
      : nearly(likely(schema)).map((value) => JSON.stringify(value));
  const body = fc.oneof(
    { weight: 6, arbitrary: json },
    {
      weight: 1,
      arbitrary: fc.constantFrom('{', '[]', 'null', '{"__proto__":{"x":1}}', '"\ud800"', '{"a":'.repeat(500)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  );
  const headers = fc.dictionary(
    fc.constantFrom(
      'content-type',
      'accept-language',
      'range',
      'if-none-match',
      'if-match',
      'upload-offset',
      'repr-digest',
      'accept-encoding',
    ),
    fc.oneof(
      fc.constantFrom(
        'application/json',
        'text/plain',
        '*/*',
        'fr, *;q=0',
        'bytes=0-0',
        '*',
        '0',
        '-1',
        'sha-256=:x:',
        ';',
        '"',
      ),
      fc.string({ maxLength: 100 }).map((text) => text.replace(/[^\x20-\x7e]/g, '').trim()),
    ),
    { maxKeys: 3 },
  );
  const withBody = method === 'GET' || method === 'HEAD' ? fc.constant(undefined) : body;
  return fc
    .tuple(values, query, withBody, headers, fc.constantFrom(...tokens))
    .map(([names, asked, sentBody, fields, token]) => {
      const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(names[name]));
      const search = Object.entries(asked).map(
        ([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`,
      );
      return {
        method,
        path: `${address}${search.length === 0 ? '' : '?'}${search.join('&')}`,
        sent: { token, headers: fields, ...(sentBody === undefined ? {} : { body: sentBody }) },
      };
    });
}

/** What is not there in this store, and may be: no authority behind it, no revocation list, no application. */
const notHere = new Set(['AUTHORITY_NOT_CONFIGURED', 'CRL_UNAVAILABLE']);

test('whatever is asked of whichever route, by whomever: an answer, no failure, and a refusal that says what is wrong', async () => {
  expect(operations.length).toBeGreaterThan(60);
  const seen = new Set<string>();
  for (const operation of operations) {
    const [method, path] = operation;
    await fc.assert(
      fc.asyncProperty(questionOf(operation), async ({ method: asked, path: address, sent }) => {
        let reply: Reply;
        try {
          reply = await ask(asked, address, sent);
        } catch (error) {
          // Refused before its body was read, and hung up on.
          expect(['ECONNRESET', 'EPIPE']).toContain((error as NodeJS.ErrnoException).code);
          return;
        }
        const { status, type, text } = reply;
        seen.add(`${method} ${path}`);
        if (status < 400) return;
        if (asked !== 'HEAD') {
          expect([asked, address, type]).toEqual([asked, address, problemMediaType]);
          const problem = JSON.parse(text);
          expect([problem.status, Check(Problem, problem)]).toEqual([status, true]);
          if (notHere.has(problem.code)) return;
        }
        expect([asked, address, status < 500, text]).toEqual([asked, address, true, text]);
      }),
      { numRuns: runsEach },
    );
  }
  expect(seen.size).toBe(operations.length);
});

/** A long run: `JPL_FUZZ_RUNS=2000 npx vitest run packages/store/src/api-fuzz.test.ts`. */
const runsEach = Number(process.env.JPL_FUZZ_RUNS ?? 12);
