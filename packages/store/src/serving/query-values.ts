import type { TSchema } from 'typebox';

/** The values of a query, with those as numbers that a schema wants as whole numbers: all come as text. */
export function withNumbers(schema: TSchema, query: unknown): Record<string, unknown> {
  const { properties = {} } = schema as { properties?: Readonly<Record<string, { type?: unknown }>> };
  const entries = Object.entries(query ?? {}).map(([name, text]: [string, unknown]) => {
    const isNumber =
      properties[name]?.type === 'integer' && typeof text === 'string' && /^\d{1,15}$/.test(text);
    return [name, isNumber ? Number(text) : text];
  });
  return Object.fromEntries(entries);
}
