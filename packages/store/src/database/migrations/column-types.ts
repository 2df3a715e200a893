import { type ColumnDefinitionBuilder, type RawBuilder, sql } from 'kysely';
import type { DatabaseKind } from '../database.js';

/** Column types by what they mean, for either database. */
export interface ColumnTypes {
  readonly integer: 'integer' | 'bigint';
  readonly text: 'text';
  /** Text compared byte by byte, whatever the database's language. */
  readonly orderedText: RawBuilder<unknown>;
  /** A number the database gives out, the table's key. */
  readonly rowNumber: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}

export function columnTypesOf(kind: DatabaseKind): ColumnTypes {
  const isSqlite = kind === 'sqlite';
  return {
    // SQLite's row number is an `integer` by exactly that name; all its integers have 64 bits.
    integer: isSqlite ? 'integer' : 'bigint',
    text: 'text',
    orderedText: isSqlite ? sql`text` : sql`text collate "C"`,
    rowNumber: (column) =>
      isSqlite ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity(),
  };
}
