import type { FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';

/** Content type parser for JSON. Passes on {@link StoreError} BODY_MALFORMED. */
export function parseJson(
  _: FastifyRequest,
  text: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  try {
    done(null, JSON.parse(text.toString()));
  } catch (cause) {
    done(new StoreError('BODY_MALFORMED', 'The body is no JSON.', { cause }));
  }
}
