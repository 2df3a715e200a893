import { type Dialect, PostgresDialect } from 'kysely';
import pg from 'pg';

/** Connections of one process; several processes share the server's. */
const maxConnections = 10;

const connectMs = 5_000;
/** A query of this store takes milliseconds; one that takes this long is ended, so that nothing hangs on it. */
const statementMs = 30_000;
const lockMs = 10_000;
/** A transaction whose process went away without a word. */
const idleInTransactionMs = 60_000;

const int8 = 20;
const numeric = 1700;

/** Whole numbers of this store fit a double: times in milliseconds, sizes, counts and their sums. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (type, format) => {
    if ((type === int8 || type === numeric) && format !== 'binary') return Number;
    return pg.types.getTypeParser(type, format as 'text');
  },
};

/** How to reach the server: the same for the pool and for the connection that listens. */
export function postgresConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'jpl store',
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    types,
  };
}

/** @param onLost  told of connections that broke while nobody used them */
export function postgresDialect(url: string, onLost: (error: Error) => void): Dialect {
  const pool = new pg.Pool({ ...postgresConfig(url), max: maxConnections });
  pool.on('error', onLost);
  // A connection that breaks while it is used tells so as well, and nobody listening would end the process; its query fails anyway.
  pool.on('connect', (client) => client.on('error', () => {}));
  return new PostgresDialect({ pool });
}
