import type { Kysely, Transaction } from 'kysely';
import type { StoreTables } from './tables.js';

/** Queries of one transaction. */
export type StoreTransaction = Transaction<StoreTables>;

/** Queries, inside a transaction or not. */
export type StoreQueries = Kysely<StoreTables>;

export type DatabaseKind = 'sqlite' | 'postgresql';

/** The store's database, whichever of the two it is. */
export interface StoreDatabase extends AsyncDisposable {
  readonly kind: DatabaseKind;
  /** Where it is, without credentials; for logs and messages. */
  readonly place: string;
  /** Single statements, each by itself. Never inside `transact`: there, everything goes through its own queries. */
  readonly queries: StoreQueries;
  /**
   * Does all of `work` or nothing of it. When it resolves, what it wrote is on the disk. On SQLite one such
   * transaction runs at a time; on PostgreSQL those in each other's way are run again, so `work` has no effects of
   * its own outside the database.
   * @throws {StoreError} DATABASE_BUSY | DATABASE_UNAVAILABLE, and whatever `work` throws
   */
  transact<T>(work: (queries: StoreTransaction) => Promise<T>): Promise<T>;
  /**
   * Several reads that all see the same state.
   * @throws {StoreError} DATABASE_BUSY | DATABASE_UNAVAILABLE, and whatever `work` throws
   */
  snapshot<T>(work: (queries: StoreTransaction) => Promise<T>): Promise<T>;
}
