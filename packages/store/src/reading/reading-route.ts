import type { StoreErrorCode } from '@jami-plugin-store/contract';
import type { FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { StoreError } from '../error.js';
import { withNumbers } from '../serving/query-values.js';
import type { ServedRoute } from '../serving/server.js';

/** What the OpenAPI document says of a route, and what its requests are checked by. */
export interface ReadingOperation {
  readonly summary: string;
  readonly tag: 'catalog' | 'jami' | 'service';
  /** Of each `:name` in the path. */
  readonly params?: Readonly<Record<string, TSchema>> | undefined;
  readonly query?: TSchema | undefined;
  /** JSON of a question asked by POST. */
  readonly body?: TSchema | undefined;
  /** JSON of this schema, or bytes of a media type. */
  readonly answer: TSchema | { readonly mediaType: string };
  readonly refusals: readonly StoreErrorCode[];
}

export interface ReadingRoute extends ServedRoute {
  readonly operation: ReadingOperation;
}

export const pluginIdParameter = Type.String({ minLength: 1, maxLength: 64, description: 'Id of a plugin' });
export const sha256Parameter = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256, lowercase hex',
});
/** Of routes that take no parameters but those in their path. */
export const noQuery = Type.Object({}, { additionalProperties: false });

/** Reads the parameters of an address. The function made throws {StoreError} PARAMETER_UNKNOWN | PARAMETER_MALFORMED. */
export function queryReader<Schema extends TSchema>(
  schema: Schema,
): (request: FastifyRequest) => Static<Schema> {
  const compiled = Compile(schema);
  const { properties = {} } = schema as { properties?: Readonly<Record<string, unknown>> };
  const known = Object.keys(properties);
  return ({ query }) => {
    const given = withNumbers(schema, query);
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown !== undefined) {
      const parameter = unknown.slice(0, 64);
      const those = known.length === 0 ? 'none' : known.join(', ');
      throw new StoreError('PARAMETER_UNKNOWN', `There is no parameter "${parameter}" here, but ${those}.`, {
        parameter,
      });
    }
    if (compiled.Check(given)) return given;
    const [first] = compiled.Errors(given);
    const parameter = first?.instancePath.split('/')[1] ?? '';
    throw parameterMalformed(parameter, first?.message ?? 'is malformed');
  };
}

export function parameterMalformed(parameter: string, why: string): StoreError {
  return new StoreError('PARAMETER_MALFORMED', `The parameter "${parameter}" ${why}.`, { parameter });
}

/** Reads a JSON body. The function made throws {StoreError} BODY_MALFORMED. */
export function bodyReader<Schema extends TSchema>(
  schema: Schema,
): (request: FastifyRequest) => Static<Schema> {
  const compiled = Compile(schema);
  return ({ body }) => {
    if (compiled.Check(body)) return body;
    const [first] = compiled.Errors(body);
    const where = first === undefined || first.instancePath === '' ? 'The body' : `"${first.instancePath}"`;
    throw new StoreError('BODY_MALFORMED', `${where} ${first?.message ?? 'is malformed'}.`);
  };
}
