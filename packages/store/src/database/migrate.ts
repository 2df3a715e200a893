import { type Migration, Migrator, sql } from 'kysely';
import { StoreError } from '../error.js';
import type { StoreDatabase } from './database.js';
import { migrationsFor } from './migrations/index.js';

/** Where Kysely notes which migrations were made. */
const notes = 'schema_migrations';

/**
 * Makes the migrations that are missing, all or none of them, one process at a time.
 * @throws {StoreError} SCHEMA_TOO_NEW when a newer version of this program was here before
 */
export async function migrateToNewest(database: StoreDatabase): Promise<void> {
  const migrations = migrationsFor(database.kind);
  await assertKnown(database, migrations);
  const { error } = await migratorOf(database, migrations).migrateToLatest();
  if (error === undefined) return;
  // Another process, a newer one, may have come in between.
  await assertKnown(database, migrations);
  throw error;
}

/** Undoes migrations down to the one named, or all of them; for tests, and for going back to an older version. */
export async function migrateBackTo(database: StoreDatabase, name: string | undefined): Promise<void> {
  const migrator = migratorOf(database, migrationsFor(database.kind));
  const { NO_MIGRATIONS } = await import('kysely');
  const { error } = await migrator.migrateTo(name ?? NO_MIGRATIONS);
  if (error !== undefined) throw error;
}

function migratorOf(database: StoreDatabase, migrations: Readonly<Record<string, Migration>>): Migrator {
  return new Migrator({
    db: database.queries,
    provider: { getMigrations: async () => patientOnes(migrations, database.kind) },
    migrationTableName: notes,
    migrationLockTableName: `${notes}_lock`,
  });
}

function patientOnes(
  migrations: Readonly<Record<string, Migration>>,
  kind: StoreDatabase['kind'],
): Record<string, Migration> {
  return Object.fromEntries(Object.entries(migrations).map(([name, each]) => [name, patient(each, kind)]));
}

/** A large store takes minutes where a query of its daily work would have been ended (`postgres-dialect.ts`). */
function patient({ up, down }: Migration, kind: StoreDatabase['kind']): Migration {
  const within =
    (step: Migration['up']): Migration['up'] =>
    async (queries) => {
      if (kind === 'postgresql') await sql`set local statement_timeout = 0`.execute(queries);
      await step(queries);
    };
  return { up: within(up), ...(down === undefined ? {} : { down: within(down) }) };
}

/** @throws {StoreError} SCHEMA_TOO_NEW */
async function assertKnown(
  { queries, place }: StoreDatabase,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const tables = await queries.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === notes)) return;
  const made = await queries
    .withTables<{ [notes]: { name: string } }>()
    .selectFrom(notes)
    .select('name')
    .execute();
  const unknown = made.find(({ name }) => !Object.hasOwn(migrations, name));
  if (unknown === undefined) return;
  throw new StoreError(
    'SCHEMA_TOO_NEW',
    `${place} was changed by a newer version of this program (${unknown.name}). Run that version or a later one.`,
  );
}
