import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { StoreError } from '../error.js';
import { parseJson } from '../serving/json-body.js';
import { jsonType } from '../serving/prepared-body.js';
import { withNumbers } from '../serving/query-values.js';
import { type AccessRule, accessTable, type GuardedRoute } from './access-table.js';
import type { Caller } from './caller.js';
import type { Guard } from './guard.js';
import { sendRefusal } from './refusal-reply.js';

/** A request that was let in, its parts checked against the route's schemas. */
export interface GuardedRequest<Body = unknown, Query = unknown> {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** JSON, where the route has a schema for it. */
  readonly body: Body;
  /** The bytes themselves, where the route takes a stream. */
  readonly stream: Readable;
  readonly headers: FastifyRequest['headers'];
  /** Of a stream, as announced. */
  readonly contentLength: number | undefined;
  readonly log: FastifyRequest['log'];
  /** Aborted when whoever asked is gone. */
  readonly signal: AbortSignal;
  /** For answers that are sent by other means. */
  readonly raw: { readonly request: FastifyRequest; readonly reply: FastifyReply };
}

export interface GuardedAnswer {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: object | undefined;
  /** Instead of `body`. */
  readonly stream?: Readable | undefined;
}

export interface GuardedRouteDefinition {
  readonly summary: string;
  /** JSON of the request. */
  readonly body?: TSchema | undefined;
  readonly query?: TSchema | undefined;
  /** The request's body is a stream of bytes. */
  readonly takesStream?: boolean | undefined;
  /** What it answers, for the documentation. */
  readonly response?: TSchema | undefined;
  /** `sent`: the handler has answered by itself. */
  handle(request: GuardedRequest): Promise<GuardedAnswer | 'sent'>;
}

/** A definition whose handler gets what its schemas promise. */
export function guarded<Body extends TSchema = TSchema, Query extends TSchema = TSchema>(
  definition: Omit<GuardedRouteDefinition, 'handle' | 'body' | 'query'> & {
    readonly body?: Body;
    readonly query?: Query;
    handle(request: GuardedRequest<Static<Body>, Static<Query>>): Promise<GuardedAnswer | 'sent'>;
  },
): GuardedRouteDefinition {
  // The validator has checked both before the handler is called.
  return definition as unknown as GuardedRouteDefinition;
}

/** A definition for each route of the access table: none is forgotten, none is open that the table does not know. */
export type GuardedRoutes = Readonly<Record<GuardedRoute, GuardedRouteDefinition>>;

/** Largest JSON body: a signed release manifest with its notes. */
const maxJsonBytes = 384 * 1024;

/**
 * Serves the routes of the access table, each behind the guard: who may not call it is refused before a byte of the body is read. Their
 * refusals are RFC 9457 problem details that carry the judge's and the authority's exact codes, too.
 */
export function serveGuarded(app: FastifyInstance, guard: Guard, routes: Partial<GuardedRoutes>): void {
  for (const takesStream of [false, true]) {
    app.register(async (scope) => {
      scope.setErrorHandler(sendRefusal);
      scope.setValidatorCompiler(({ schema, httpPart }) =>
        validatorOf(schema as TSchema, httpPart === 'querystring'),
      );
      scope.setSerializerCompiler(() => (data) => JSON.stringify(data));
      scope.removeAllContentTypeParsers();
      // Whatever bytes are called (`curl -T` calls them nothing), they are what counts.
      if (takesStream) scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      else scope.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson);
      for (const rule of accessTable) {
        const definition = routes[nameOf(rule)];
        if (definition !== undefined && (definition.takesStream ?? false) === takesStream)
          serveOne(scope, guard, rule, definition);
      }
    });
  }
  app.register(async (scope) => {
    for (const path of new Set(accessTable.map((rule) => rule.path))) refuseOthers(scope, path);
  });
}

/** Any other method at a path of the table is 405, where the reading side has not said so already. */
function refuseOthers(scope: FastifyInstance, path: string): void {
  const others = scope.supportedMethods.filter((method) => !scope.hasRoute({ method, url: path }));
  if (others.length === 0) return;
  const allow = scope.supportedMethods.filter((method) => !others.includes(method)).join(', ');
  scope.route({
    method: others,
    url: path,
    onRequest: async (request) => {
      throw new StoreError('METHOD_NOT_ALLOWED', `${request.method} is not for this address.`, {
        headers: { allow },
      });
    },
    handler: () => undefined,
  });
}

function nameOf({ method, path }: (typeof accessTable)[number]): GuardedRoute {
  return `${method} ${path}` as GuardedRoute;
}

function serveOne(
  scope: FastifyInstance,
  guard: Guard,
  rule: AccessRule,
  definition: GuardedRouteDefinition,
): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  scope.route({
    method: rule.method,
    url: rule.path,
    bodyLimit: maxJsonBytes,
    config: { takesLongBody: definition.takesStream === true },
    schema: schemaOf(rule, definition),
    async onRequest(request, reply) {
      // Not to be kept by anyone on the way: it depends on who asks.
      reply.headers({ 'cache-control': 'no-store' });
      callers.set(request, await guard.admit(request, rule));
    },
    async handler(request, reply) {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('a route without a guard');
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort(new Error('whoever asked is gone')));
      const answer = await definition.handle({
        caller,
        params: request.params as Record<string, string>,
        query: request.query,
        body: request.body,
        stream: request.raw,
        headers: request.headers,
        contentLength: contentLengthOf(request),
        log: request.log,
        signal: gone.signal,
        raw: { request, reply },
      });
      return answer === 'sent' ? reply : send(reply, answer);
    },
  });
}

function send(
  reply: FastifyReply,
  { status = 200, headers = {}, body, stream }: GuardedAnswer,
): FastifyReply {
  reply.code(status).headers(headers);
  if (stream !== undefined) return reply.send(stream);
  if (body === undefined) return reply.send();
  return reply.type(jsonType).send(JSON.stringify(body));
}

/** What requests are checked by and the documentation is made from. */
function schemaOf(
  rule: AccessRule,
  { summary, body, query, response }: GuardedRouteDefinition,
): FastifySchema {
  const needsToken = !rule.roles.includes('anyone');
  return {
    summary,
    tags: ['publishing'],
    ...(needsToken ? { security: [{ token: [] }] } : {}),
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(response === undefined ? {} : { response: { '2xx': response } }),
  } as FastifySchema;
}

function validatorOf(
  schema: TSchema,
  isQuery: boolean,
): (value: unknown) => { value: unknown } | { error: Error } {
  const compiled = Compile(schema);
  return (value) => {
    const given = isQuery ? withNumbers(schema, value) : value;
    if (compiled.Check(given)) return { value: given };
    const [first] = compiled.Errors(given);
    const where = first === undefined || first.instancePath === '' ? 'It' : `"${first.instancePath}"`;
    return { error: new StoreError('BODY_MALFORMED', `${where} ${first?.message ?? 'is malformed'}.`) };
  };
}

function contentLengthOf({ headers }: FastifyRequest): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}
