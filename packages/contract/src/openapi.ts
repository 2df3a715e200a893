/** A JSON Schema (2020-12), or a part of an OpenAPI document. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Schemas by their names, for an OpenAPI document; equal texts are one schema, wherever they stand. */
export class NamedSchemas {
  readonly #nameOf = new Map<string, string>();
  readonly #used = new Map<string, Json>();

  /** @param module  whose exports with capital names are schemas */
  constructor(module: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(module)) {
      const isSchema = /^[A-Z]/.test(name) && typeof value === 'object' && !Array.isArray(value);
      const text = JSON.stringify(value);
      if (isSchema && !this.#nameOf.has(text)) this.#nameOf.set(text, name);
    }
  }

  /** A reference to a schema that has a name; any other as it is, with references inside. */
  referTo(schema: unknown): Json {
    const name = this.#nameOf.get(JSON.stringify(schema));
    if (name === undefined) return this.#inside(schema);
    if (!this.#used.has(name)) {
      this.#used.set(name, null);
      this.#used.set(name, this.#inside(schema));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  /** Those that were referred to, in the order of their names. */
  used(): JsonObject {
    return Object.fromEntries([...this.#used].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #inside(schema: unknown): Json {
    if (Array.isArray(schema)) return schema.map((item) => this.referTo(item));
    if (typeof schema !== 'object' || schema === null) return schema as Json;
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, this.referTo(value)]));
  }
}

/** Parameters out of a schema of an object. */
export function parametersOf(
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

/** `GET /v1/plugins/:id/load` is `getPluginsIdLoad`. */
export function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/v\d+\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}
