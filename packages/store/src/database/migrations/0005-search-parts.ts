import { type Kysely, type Migration, sql } from 'kysely';
import type { DatabaseKind } from '../database.js';

/**
 * PostgreSQL's index keeps no weights: to find words in names alone it had to read the row of every plugin that has them anywhere. Each part
 * of a document gets a column of its own. SQLite has columns already.
 */
export function searchParts(kind: DatabaseKind): Migration {
  return {
    async up(database: Kysely<unknown>) {
      if (kind === 'sqlite') return;
      await sql`drop index plugin_search_by_words`.execute(database);
      await sql`alter table plugin_search
        add column title tsvector not null default '', add column filters tsvector not null default ''`.execute(
        database,
      );
      await sql`update plugin_search set title = ts_filter(words, '{a}'), filters = ts_filter(words, '{c}'),
        words = ts_filter(words, '{a,b,d}')`.execute(database);
      await sql`create index plugin_search_by_parts on plugin_search using gin (title, words, filters)`.execute(
        database,
      );
      // Until it knows how frequent words are, the planner would read all rows of a frequent one.
      await sql`analyze plugin_search`.execute(database);
    },
    async down(database: Kysely<unknown>) {
      if (kind === 'sqlite') return;
      await sql`drop index plugin_search_by_parts`.execute(database);
      await sql`update plugin_search set words = words || filters`.execute(database);
      await sql`alter table plugin_search drop column title, drop column filters`.execute(database);
      await sql`create index plugin_search_by_words on plugin_search using gin (words)`.execute(database);
      await sql`analyze plugin_search`.execute(database);
    },
  };
}
