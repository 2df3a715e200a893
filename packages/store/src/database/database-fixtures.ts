/** Lets one suite run on both databases: SQLite in a temporary folder, and a PostgreSQL started for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import type { DatabaseKind } from './database.js';
import type { DatabaseOptions } from './open-database.js';
import { type PostgresCluster, postgresPrograms, startPostgres } from './postgres-fixtures.js';

/** Databases for the tests of one suite. */
export interface DatabasePlaces {
  readonly kind: DatabaseKind;
  /** A new, empty database; several processes or openings may share what it returns. */
  create(): Promise<DatabaseOptions>;
  /** The cluster itself, for tests that disturb it; only on PostgreSQL. */
  cluster(): PostgresCluster;
}

/** Declares a suite twice. Where there is no PostgreSQL, its half is skipped and says so. */
export function describeOnBoth(name: string, suite: (places: DatabasePlaces) => void): void {
  describe(`${name}, on SQLite`, () => {
    const folders: string[] = [];
    afterAll(async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    });
    suite({
      kind: 'sqlite',
      async create() {
        const dataDir = await mkdtemp(join(tmpdir(), 'jpl-store-db-'));
        folders.push(dataDir);
        return { dataDir };
      },
      cluster() {
        throw new Error('SQLite has no cluster.');
      },
    });
  });
  describePostgres(name, suite);
}

/** Declares a suite on PostgreSQL alone. */
export function describePostgres(name: string, suite: (places: DatabasePlaces) => void): void {
  const isThere = postgresPrograms !== undefined;
  const title = `${name}, on PostgreSQL${isThere ? '' : ' (skipped: this machine has none)'}`;
  describe.skipIf(!isThere)(title, () => {
    let cluster: PostgresCluster | undefined;
    let folder: string;
    beforeAll(async () => {
      cluster = await startPostgres();
      folder = await mkdtemp(join(tmpdir(), 'jpl-store-db-'));
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });
    const running = (): PostgresCluster => {
      if (cluster === undefined) throw new Error('PostgreSQL does not run yet.');
      return cluster;
    };
    suite({
      kind: 'postgresql',
      create: async () => ({ dataDir: folder, url: await running().createDatabase() }),
      cluster: running,
    });
  });
}
