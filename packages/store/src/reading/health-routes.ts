import { catalogPaths, Health, type StoreErrorCode } from '@jami-plugin-store/contract';
import type { BlobStore } from '../blobs/blob-store.js';
import { lastChange } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { jsonType } from '../serving/prepared-body.js';
import type { ReadingRoute } from './reading-route.js';

export interface HealthOptions {
  readonly database: StoreDatabase;
  readonly blobs: Pick<BlobStore, 'assertUsable'>;
  /** How long each may take to answer. Milliseconds. */
  readonly withinMs?: number | undefined;
}

const defaultWithinMs = 2_000;

/** `/health/live`: this process answers. `/health/ready`: its database and its blobs do, too. */
export function healthRoutes(options: HealthOptions): ReadingRoute[] {
  const { database, blobs, withinMs = defaultWithinMs } = options;
  const checks = [
    oneAtATime(() => lastChange(database.queries), {
      withinMs,
      code: 'DATABASE_UNAVAILABLE',
      message: 'The store’s database does not answer.',
    }),
    oneAtATime(() => blobs.assertUsable(), {
      withinMs,
      code: 'BLOB_STORE_UNAVAILABLE',
      message: 'The place of the store’s packages does not answer.',
    }),
  ];
  const routeOf = (path: string, summary: string, check: () => Promise<unknown>): ReadingRoute => ({
    path,
    operation: {
      summary,
      tag: 'service',
      answer: Health,
      refusals: path === catalogPaths.ready ? ['DATABASE_UNAVAILABLE', 'BLOB_STORE_UNAVAILABLE'] : [],
    },
    async handle(_, reply) {
      await check();
      const body: Health = { status: 'ok' };
      return reply.header('cache-control', 'no-store').type(jsonType).send(body);
    },
  });
  return [
    routeOf(catalogPaths.live, 'Answers where the process does', async () => {}),
    routeOf(catalogPaths.ready, 'Answers where database and packages can be reached, too', () =>
      Promise.all(checks.map((check) => check())),
    ),
  ];
}

interface Bound {
  readonly withinMs: number;
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** Whoever asks while one is asked waits for the same answer, so that asking often, or something that hangs, costs one question. */
function oneAtATime(ask: () => Promise<unknown>, { withinMs, code, message }: Bound): () => Promise<void> {
  let asking: Promise<unknown> | undefined;
  const failure = (cause: unknown): StoreError =>
    new StoreError(code, message, { cause, headers: { 'retry-after': '5' } });
  return async () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
    });
    try {
      await Promise.race([asking, tooLate]);
    } catch (error) {
      throw failure(error);
    } finally {
      clearTimeout(timer);
    }
  };
}
