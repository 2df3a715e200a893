import { setTimeout as pause } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import Libsql from 'libsql';
import { StoreError } from '../error.js';

type LibsqlDatabase = InstanceType<typeof Libsql>;

interface Prepared {
  readonly statement: ReturnType<LibsqlDatabase['prepare']>;
  readonly returnsRows: boolean;
}

/** Statements kept ready; preparing one takes longer than running it. */
const maxPrepared = 256;

/** How long a statement waits for another process to let go of the file. */
const busyMs = 5_000;

/**
 * One connection to the file. Statements run at once and whole, in this thread; waiting for another process does not
 * hold the thread: SQLite itself is told not to wait, and the statement is tried again.
 */
export class LibsqlConnection implements DatabaseConnection {
  readonly #database: LibsqlDatabase;
  readonly #prepared = new Map<string, Prepared>();

  constructor(file: string) {
    this.#database = new Libsql(file, { timeout: 0 });
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const bound = parameters.map(bindable);
    return await this.#untilFree(() => this.#run<Row>(sql, bound));
  }

  /** For statements that say how the connection behaves, and for whole migrations. */
  async execute(sql: string): Promise<void> {
    await this.#untilFree(() => this.#database.exec(sql));
  }

  // biome-ignore lint/correctness/useYield: part of the interface; answers are read whole, page by page.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('Rows are read by pages, not streamed.');
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #run<Row>(sql: string, parameters: readonly unknown[]): QueryResult<Row> {
    const { statement, returnsRows } = this.#prepare(sql);
    if (returnsRows) return { rows: statement.all(parameters) as Row[] };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.reader };
    this.#prepared.set(sql, prepared);
    for (const oldest of this.#prepared.keys()) {
      if (this.#prepared.size <= maxPrepared) break;
      this.#prepared.delete(oldest);
    }
    return prepared;
  }

  /** @throws {StoreError} DATABASE_BUSY */
  async #untilFree<T>(action: () => T): Promise<T> {
    const giveUpAt = performance.now() + busyMs;
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
      try {
        return action();
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() > giveUpAt) {
          throw new StoreError('DATABASE_BUSY', 'Another process does not let go of the database.', {
            cause: error,
          });
        }
      }
      // Not all at the same moment again.
      await pause(waitMs * (0.5 + Math.random() / 2));
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code));
}

/** libsql ends the whole process over a boolean, and takes every number for a real. */
function bindable(value: unknown): string | number | bigint | Buffer | null {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (Buffer.isBuffer(value)) return value;
  throw new TypeError(`A database value cannot be of type ${typeof value}`);
}
