import { describe, expect, test } from 'vitest';
import { describePostgres } from '../database/database-fixtures.js';
import { StoreError } from '../error.js';
import { createServer, serve } from '../serving/server.js';
import { healthRoutes } from './health-routes.js';
import { ReadingPlace } from './reading-fixtures.js';

describe('health', () => {
  test('is good where everything can be reached', async () => {
    await using place = await ReadingPlace.open();
    for (const path of ['/health/live', '/health/ready']) {
      const { status, json, headers } = await place.ask(path);
      expect([status, json, headers['cache-control']]).toEqual([200, { status: 'ok' }, 'no-store']);
    }
  });

  test('is not where packages cannot be reached, or do not answer in time', async () => {
    await using place = await ReadingPlace.open();
    const { database } = place;
    let asked = 0;
    const ask = async (assertUsable: () => Promise<void>) => {
      const app = createServer();
      serve(app, healthRoutes({ database, blobs: { assertUsable }, withinMs: 50 }));
      const replies = await Promise.all([1, 2, 3].map(() => app.inject('/health/ready')));
      const live = await app.inject('/health/live');
      await app.close();
      return [...replies.map((reply) => `${reply.statusCode} ${reply.json().code}`), live.statusCode];
    };
    const gone = '503 BLOB_STORE_UNAVAILABLE';
    const failing = async (): Promise<void> => {
      throw new StoreError('BLOB_STORE_UNAVAILABLE', 'gone');
    };
    expect(await ask(failing)).toEqual([gone, gone, gone, 200]);
    const hanging = (): Promise<void> => {
      asked += 1;
      return new Promise(() => {});
    };
    expect(await ask(hanging)).toEqual([gone, gone, gone, 200]);
    // However often one asks.
    expect(asked).toBe(1);
  });
});

describePostgres('health', (places) => {
  test('is not good while the database is down, and good again afterwards', async () => {
    await using place = await ReadingPlace.open(await places.create());
    await places.cluster().stop();
    const down = await place.ask('/health/ready');
    expect([down.status, down.json.code, (await place.ask('/health/live')).status]).toEqual([
      503,
      'DATABASE_UNAVAILABLE',
      200,
    ]);
    await places.cluster().start();
    expect((await place.ask('/health/ready')).status).toBe(200);
  });
});
