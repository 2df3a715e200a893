import { type Kysely, type Migration, sql } from 'kysely';
import type { DatabaseKind } from '../database.js';
import { type ColumnTypes, columnTypesOf } from './column-types.js';

/** What publishing needs beyond `0002`: subjects of audit records, parts of uploads, certificates of organizations, transfers, leases, doubts. */
export function publishingLife(kind: DatabaseKind): Migration {
  const types = columnTypesOf(kind);
  return {
    async up(database: Kysely<unknown>) {
      await addColumns(database, types);
      // One open request for a key at a time, also of two that come at once.
      await sql`create unique index certificate_requests_open_once on certificate_requests (key_sha256)
        where state = 'open'`.execute(database);
      await createOrganizationCertificates(database, types);
      await createUploadParts(database, types);
      await createTransfers(database, types);
      await createLeasesAndDoubts(database, types);
    },
    async down({ schema }: Kysely<unknown>) {
      for (const table of tables) await schema.dropTable(table).execute();
      await schema.dropIndex('audit_records_by_subject').execute();
      await schema.dropIndex('certificate_requests_open_once').execute();
      for (const [table, columns] of added)
        for (const column of columns) await schema.alterTable(table).dropColumn(column).execute();
    },
  };
}

const tables = [
  'doubted_certificates',
  'leases',
  'transfers',
  'upload_parts',
  'organization_certificates',
] as const;

const added = [
  ['audit_records', ['subject']],
  ['organizations', ['authority_number']],
  ['uploads', ['requests']],
  ['certificate_requests', ['request_sha256', 'key_type', 'issuer', 'token_collected_at']],
] as const;

async function addColumns({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .alterTable('audit_records')
    .addColumn('subject', text, (column) => column.notNull().defaultTo(''))
    .execute();
  await schema
    .createIndex('audit_records_by_subject')
    .on('audit_records')
    .columns(['subject', 'sequence'])
    .execute();
  await schema.alterTable('organizations').addColumn('authority_number', text).execute();
  await schema
    .alterTable('uploads')
    .addColumn('requests', integer, (column) => column.notNull().defaultTo(0))
    .execute();
  const requestColumns = { request_sha256: text, key_type: text, issuer: text, token_collected_at: integer };
  for (const [name, type] of Object.entries(requestColumns))
    await schema.alterTable('certificate_requests').addColumn(name, type).execute();
}

async function createOrganizationCertificates(
  { schema }: Kysely<unknown>,
  { integer, text }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('organization_certificates')
    .addColumn('sha256', text, (column) => column.primaryKey())
    .addColumn('organization', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('serial_number', text, (column) => column.notNull())
    .addColumn('issuer_id', text, (column) => column.notNull())
    .addColumn('anchor', text, (column) => column.notNull())
    .addColumn('not_after', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
  await schema
    .createIndex('organization_certificates_by_organization')
    .on('organization_certificates')
    .columns(['organization', 'created_at'])
    .execute();
}

async function createUploadParts({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('upload_parts')
    .addColumn('upload', text, (column) => column.notNull().references('uploads.id').onDelete('cascade'))
    .addColumn('position', integer, (column) => column.notNull())
    .addColumn('size', integer, (column) => column.notNull())
    .addColumn('number', integer, (column) => column.notNull())
    .addPrimaryKeyConstraint('upload_parts_once', ['upload', 'position'])
    .execute();
}

async function createTransfers({ schema }: Kysely<unknown>, { integer, text }: ColumnTypes): Promise<void> {
  await schema
    .createTable('transfers')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('plugin_number', integer, (column) => column.notNull().references('plugins.number'))
    .addColumn('from_organization', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('to_organization', text, (column) => column.notNull().references('organizations.identity'))
    .addColumn('state', text, (column) => column.notNull())
    .addColumn('reason', text)
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .addColumn('decided_at', integer)
    .execute();
  await schema
    .createIndex('transfers_by_plugin')
    .on('transfers')
    .columns(['plugin_number', 'state'])
    .execute();
}

async function createLeasesAndDoubts(
  { schema }: Kysely<unknown>,
  { integer, text }: ColumnTypes,
): Promise<void> {
  await schema
    .createTable('leases')
    .addColumn('name', text, (column) => column.primaryKey())
    .addColumn('holder', text, (column) => column.notNull())
    .addColumn('until', integer, (column) => column.notNull())
    .execute();
  await schema
    .createTable('doubted_certificates')
    .addColumn('sha256', text, (column) => column.primaryKey())
    .addColumn('reason', text, (column) => column.notNull())
    .addColumn('since', integer, (column) => column.notNull())
    .execute();
}
