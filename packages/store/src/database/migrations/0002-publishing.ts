import type { Kysely, Migration } from 'kysely';
import type { DatabaseKind } from '../database.js';
import { type ColumnTypes, columnTypesOf } from './column-types.js';

/** Requests, tokens, uploads, the audit log, and releases of applications. */
export function publishingTables(kind: DatabaseKind): Migration {
  const types = columnTypesOf(kind);
  return {
    async up(database: Kysely<unknown>) {
      await createAccess(database, types);
      await createUploads(database, types);
      await createAudit(database, types);
      await createApplications(database, types);
    },
    async down({ schema }: Kysely<unknown>) {
      for (const table of tables) await schema.dropTable(table).execute();
    },
  };
}

const tables = [
  'application_installers',
  'application_releases',
  'audit_records',
  'uploads',
  'tokens',
  'certificate_requests',
] as const;

async function createAccess({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('certificate_requests')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('secret_hash', text, (column) => column.notNull())
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('csr', text, (column) => column.notNull())
    .addColumn('key_sha256', text, (column) => column.notNull())
    .addColumn('subject', text, (column) => column.notNull())
    .addColumn('contact', text, (column) => column.notNull())
    .addColumn('terms', text)
    .addColumn('organization', text)
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('decided_at', integer)
    .addColumn('decided_by', text)
    .addColumn('reason', text)
    .addColumn('chain', text)
    .execute();
  await schema
    .createIndex('certificate_requests_by_state')
    .on('certificate_requests')
    .columns(['state', 'created_at'])
    .execute();
  await schema
    .createTable('tokens')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('secret_hash', text, (column) => column.notNull())
    .addColumn('label', text, (column) => column.notNull())
    .addColumn('role', text, (column) => column.notNull())
    .addColumn('organization', text, (column) => column.references('organizations.identity'))
    .addColumn('scopes', text)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('created_by', text)
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('revoked_at', integer)
    .addColumn('last_used_at', integer)
    .execute();
}

async function createUploads({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('uploads')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('organization', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('token', text)
    .addColumn('size', integer)
    .addColumn('received', integer, (column) => column.notNull().defaultTo(0))
    .addColumn('sha256', text)
    .addColumn('changelog', text)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .execute();
  await schema.createIndex('uploads_by_organization').on('uploads').column('organization').execute();
}

async function createAudit({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('audit_records')
    .addColumn('sequence', integer, (column) => column.primaryKey())
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('plugin_id', text)
    .addColumn('version', text)
    .addColumn('publisher', text)
    .addColumn('reason', text)
    .addColumn('detail', text, (column) => column.notNull())
    .addColumn('is_public', integer, (column) => column.notNull())
    .addColumn('previous_hash', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .execute();
  await schema
    .createIndex('audit_records_public')
    .on('audit_records')
    .columns(['is_public', 'sequence'])
    .execute();
}

async function createApplications(
  { schema }: Kysely<unknown>,
  { integer, text }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('application_releases')
    .addColumn('channel', text, (column) => column.primaryKey())
    .addColumn('version', text, (column) => column.notNull())
    .addColumn('payload', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .addColumn('key_id', text, (column) => column.notNull())
    .addColumn('published_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('application_installers')
    .addColumn('sha256', text, (column) => column.primaryKey())
    .addColumn('size', integer, (column) => column.notNull())
    .addColumn('file_name', text, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
}
