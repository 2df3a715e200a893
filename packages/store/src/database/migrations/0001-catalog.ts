import { type Kysely, type Migration, sql } from 'kysely';
import type { DatabaseKind } from '../database.js';
import { type ColumnTypes, columnTypesOf } from './column-types.js';

/** What is published and offered, its texts, certificates and downloads, and the log of changes. */
export function catalogTables(kind: DatabaseKind): Migration {
  const types = columnTypesOf(kind);
  return {
    async up(database: Kysely<unknown>) {
      await createPlugins(database, types);
      await createPackages(database, types);
      await createCertificates(database, types);
      await createOffers(database, types);
      await createSearch(database, kind);
      await createCounts(database, types);
      await createChanges(database, types);
    },
    async down(database: Kysely<unknown>) {
      for (const table of tables) await database.schema.dropTable(table).execute();
    },
  };
}

/** Those that others refer to last. */
const tables = [
  'changes',
  'counters',
  'settings',
  'imported_files',
  'downloads',
  'plugin_search',
  'offers',
  'package_certificates',
  'certificates',
  'package_texts',
  'packages',
  'releases',
  'plugin_categories',
  'plugins',
  'organizations',
] as const;

async function createPlugins({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text, orderedText, rowNumber } = types;
  await schema
    .createTable('organizations')
    .addColumn('identity', text, (column) => column.primaryKey())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('is_trusted', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('contact', text)
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('plugins')
    .addColumn('number', integer, rowNumber)
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('id_key', orderedText, (column) => column.notNull().unique())
    .addColumn('owner', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('owner_key', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('deprecated_at', integer)
    .addColumn('deprecated_reason', text)
    .addColumn('deprecated_successor', text)
    .addColumn('downloads', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('newest_package', integer)
    .addColumn('listed', integer, (column) => column.unique())
    .addColumn('name_key', orderedText)
    .execute();
  // The orders of a search: by name, by downloads, by publication (the unique `listed`).
  await schema.createIndex('plugins_by_name').on('plugins').columns(['name_key', 'number']).execute();
  await schema.createIndex('plugins_by_downloads').on('plugins').columns(['downloads', 'number']).execute();
  await schema.createIndex('plugins_by_owner').on('plugins').columns(['owner', 'listed']).execute();
  await schema
    .createTable('plugin_categories')
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('category', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('plugin_categories_key', ['category', 'plugin_number'])
    .execute();
  await schema
    .createIndex('plugin_categories_by_plugin')
    .on('plugin_categories')
    .column('plugin_number')
    .execute();
  await schema
    .createTable('releases')
    .addColumn('number', integer, rowNumber)
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('version', text, (column) => column.notNull())
    .addColumn('version_key', orderedText, (column) => column.notNull())
    .addColumn('changelog', text)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('published_at', integer)
    .addColumn('yanked_at', integer)
    .addColumn('yanked_reason', text)
    .addUniqueConstraint('releases_once', ['plugin_number', 'version_key'])
    .execute();
}

async function createPackages({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text, rowNumber } = types;
  await schema
    .createTable('packages')
    .addColumn('number', integer, rowNumber)
    .addColumn('sha256', text, (column) => column.notNull().unique())
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('release_number', integer, (column) => column.notNull().references('releases.number'))
    .addColumn('version', text, (column) => column.notNull())
    .addColumn('revision', integer, (column) => column.notNull().defaultTo(1))
    .addColumn('content_sha256', text, (column) => column.notNull())
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('size', integer, (column) => column.notNull())
    .addColumn('platforms', text, (column) => column.notNull())
    .addColumn('files', integer, (column) => column.notNull())
    .addColumn('publisher', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('publisher_name', text, (column) => column.notNull())
    .addColumn('publisher_key', text, (column) => column.notNull())
    .addColumn('anchor', text, (column) => column.notNull())
    .addColumn('revocation_mode', text, (column) => column.notNull())
    .addColumn('is_trusted', integer, (column) => column.notNull().defaultTo(1))
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('languages', text, (column) => column.notNull())
    .addColumn('categories', text, (column) => column.notNull().defaultTo('[]'))
    .addColumn('icon', text)
    .addColumn('background', text)
    .addColumn('submitted_at', integer, (column) => column.notNull())
    .addColumn('submitted_by', text)
    .addColumn('decided_at', integer)
    .addColumn('decided_by', text)
    .addColumn('decision_reason', text)
    .addColumn('published_at', integer)
    .addColumn('suspended_at', integer)
    .addColumn('revoked_at', integer)
    .addColumn('revoked_reason', text)
    .execute();
  await schema.createIndex('packages_by_plugin').on('packages').column('plugin_number').execute();
  await schema.createIndex('packages_by_release').on('packages').column('release_number').execute();
  await schema.createIndex('packages_by_state').on('packages').columns(['state', 'submitted_at']).execute();
  await schema
    .createTable('package_texts')
    .addColumn('package_number', integer, (column) => column.notNull().references('packages.number'))
    .addColumn('language', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('description', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('package_texts_key', ['package_number', 'language'])
    .execute();
}

async function createCertificates({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text } = types;
  await schema
    .createTable('certificates')
    .addColumn('sha256', text, (column) => column.primaryKey())
    .addColumn('der', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('issuer', text, (column) => column.notNull())
    .addColumn('serial_number', text, (column) => column.notNull())
    .addColumn('not_before', integer, (column) => column.notNull())
    .addColumn('not_after', integer, (column) => column.notNull())
    .addColumn('asked_at', integer)
    .addColumn('revoked_at', integer)
    .addColumn('revoked_reason', text)
    .execute();
  await schema.createIndex('certificates_by_serial').on('certificates').column('serial_number').execute();
  await schema
    .createTable('package_certificates')
    .addColumn('package_number', integer, (column) => column.notNull().references('packages.number'))
    .addColumn('position', integer, (column) => column.notNull())
    .addColumn('certificate', text, (column) => column.notNull().references('certificates.sha256'))
    .addPrimaryKeyConstraint('package_certificates_key', ['package_number', 'position'])
    .execute();
  await schema
    .createIndex('package_certificates_by_certificate')
    .on('package_certificates')
    .column('certificate')
    .execute();
}

async function createOffers({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text } = types;
  await schema
    .createTable('offers')
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('platform', text, (column) => column.notNull())
    .addColumn('package_number', integer, (column) => column.notNull().references('packages.number'))
    .addColumn('published_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('offers_key', ['plugin_number', 'platform'])
    .execute();
  // A listing: a platform's offers, oldest publication first.
  await schema
    .createIndex('offers_by_platform')
    .on('offers')
    .columns(['platform', 'published_at', 'package_number'])
    .execute();
  await schema.createIndex('offers_by_expiry').on('offers').column('expires_at').execute();
}

/** Words come in folded and split already (`catalog/search-words.ts`), so that both databases find the same. */
async function createSearch(database: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  if (kind === 'sqlite') {
    // Contentless: the words are in the tables they came from. Prefixes of two and three letters have lists of their own.
    await sql`create virtual table plugin_search using fts5(
      title, publisher, description, filters,
      content='', contentless_delete=1, detail=column, prefix='2 3', tokenize='unicode61 remove_diacritics 0'
    )`.execute(database);
    return;
  }
  await sql`create table plugin_search (listed bigint primary key, words tsvector not null)`.execute(
    database,
  );
  await sql`create index plugin_search_by_words on plugin_search using gin (words)`.execute(database);
}

async function createCounts({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text } = types;
  await schema
    .createTable('downloads')
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('release_number', integer, (column) => column.notNull().references('releases.number'))
    .addColumn('platform', text, (column) => column.notNull())
    .addColumn('day', integer, (column) => column.notNull())
    .addColumn('count', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('downloads_key', ['release_number', 'platform', 'day'])
    .execute();
  await schema.createIndex('downloads_by_plugin').on('downloads').columns(['plugin_number', 'day']).execute();
  await schema
    .createTable('imported_files')
    .addColumn('folder', text, (column) => column.notNull())
    .addColumn('file', text, (column) => column.notNull())
    .addColumn('size', integer, (column) => column.notNull())
    .addColumn('mtime_ms', integer, (column) => column.notNull())
    .addColumn('sha256', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('imported_files_key', ['folder', 'file'])
    .execute();
}

async function createChanges({ schema }: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  const { integer, text } = types;
  await schema
    .createTable('settings')
    .addColumn('name', text, (column) => column.primaryKey())
    .addColumn('value', text, (column) => column.notNull())
    .execute();
  await schema
    .createTable('counters')
    .addColumn('name', text, (column) => column.primaryKey())
    .addColumn('value', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('changes')
    .addColumn('sequence', integer, (column) => column.primaryKey())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('plugin_number', integer)
    .addColumn('at', integer, (column) => column.notNull())
    .execute();
}
