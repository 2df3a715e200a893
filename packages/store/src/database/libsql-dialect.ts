import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';
import { LibsqlConnection } from './libsql-connection.js';

/**
 * WAL: readers and one writer do not wait for each other. FULL: what was committed is on the disk when it is
 * acknowledged. The cache is in KiB, for each connection.
 */
const settings = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma cache_size = -32768;
  pragma temp_store = memory;
  pragma journal_size_limit = 67108864;
`;

/** Connections of one process. A read takes its connection for one statement, a transaction for all of its own. */
const maxConnections = 4;

/** Kysely over `libsql`, with connections enough that a read need not wait for a running transaction. */
export function libsqlDialect(
  file: string,
  { enforceForeignKeys }: { readonly enforceForeignKeys: boolean },
): Dialect {
  return {
    createDriver: () => new LibsqlDriver(file, enforceForeignKeys),
    createAdapter: () => new TransactionalAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (database) => new SqliteIntrospector(database),
  };
}

/** SQLite changes its schema inside transactions, so that migrations are whole, and one process at a time makes them. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LibsqlDriver implements Driver {
  readonly #file: string;
  readonly #settings: string;
  readonly #idle: LibsqlConnection[] = [];
  readonly #waiting: ((connection: LibsqlConnection) => void)[] = [];
  #open = 0;

  constructor(file: string, enforceForeignKeys: boolean) {
    this.#file = file;
    this.#settings = `${settings} pragma foreign_keys = ${enforceForeignKeys ? 'on' : 'off'};`;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#open >= maxConnections) return await new Promise((resolve) => this.#waiting.push(resolve));
    this.#open += 1;
    try {
      const connection = new LibsqlConnection(this.#file);
      await connection.execute(this.#settings);
      return connection;
    } catch (error) {
      this.#open -= 1;
      throw error;
    }
  }

  async releaseConnection(connection: LibsqlConnection): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }

  /** A transaction that may write takes the file's write lock at once: it can then not fail half-way for want of it. */
  async beginTransaction(connection: LibsqlConnection, { accessMode }: TransactionSettings): Promise<void> {
    await connection.executeQuery(
      CompiledQuery.raw(accessMode === 'read only' ? 'begin' : 'begin immediate'),
    );
  }

  async commitTransaction(connection: LibsqlConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: LibsqlConnection): Promise<void> {
    // SQLite has rolled back by itself after some failures, such as a full disk.
    if (connection.isInTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}
