import { type Kysely, type Migration, sql } from 'kysely';

/** The languages in use, by themselves: which language an answer is in is decided before any text is read. */
export function languagesInUse(): Migration {
  return {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable('languages')
        .addColumn('language', 'text', (column) => column.primaryKey())
        .execute();
      await sql`insert into languages (language) select distinct language from package_texts`.execute(
        database,
      );
    },
    async down({ schema }: Kysely<unknown>) {
      await schema.dropTable('languages').execute();
    },
  };
}
