import type { AuditAction, AuditRecord, Feed } from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { nextNumber } from '../database/counter.js';
import type { StoreQueries, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { auditHashOf, noRecord, type UnhashedRecord } from './audit-chain.js';

/** What is put down: who did what to what, when and why. Never an address, never a secret. */
export interface AuditEntry {
  readonly at: Date;
  /** From `actorOf`. */
  readonly actor: string;
  readonly action: AuditAction;
  /** e.g. `package/<sha256>`, `request/<id>`, `token/<id>`. */
  readonly subject: string;
  readonly plugin?: string | undefined;
  readonly version?: string | undefined;
  readonly publisher?: string | undefined;
  readonly reason?: string | undefined;
  readonly detail?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Actions that everyone may know of: those of the feed. */
const publicActions: ReadonlySet<AuditAction> = new Set([
  'published',
  'revised',
  'yanked',
  'unyanked',
  'revoked',
  'deprecated',
  'undeprecated',
  'transferred',
] satisfies Feed['entries'][number]['action'][]);

/** Records read from the database at a time. */
const pageSize = 500;

/**
 * Puts an action down, in the transaction that does it: both are there or neither. The counter's row is held until the commit, so records
 * of all processes follow each other; append near the end of a transaction, in which others wait for that row.
 */
export async function appendAudit(queries: StoreTransaction, entry: AuditEntry): Promise<AuditRecord> {
  const sequence = await nextNumber(queries, 'audit');
  const last = await queries
    .selectFrom('audit_records')
    .select('hash')
    .where('sequence', '=', sequence - 1)
    .executeTakeFirst();
  const { at, actor, action, subject, plugin, version, publisher, reason, detail = {} } = entry;
  const unhashed = {
    sequence,
    at: at.toISOString(),
    actor,
    action,
    subject,
    ...definedOf({ plugin, version, publisher, reason }),
    detail: presentOf(detail),
    previous: last?.hash ?? noRecord,
  } satisfies UnhashedRecord;
  const record: AuditRecord = { ...unhashed, hash: auditHashOf(unhashed) };
  await queries.insertInto('audit_records').values(rowOf(record, at)).execute();
  return record;
}

/** Records after a sequence number, oldest first, page by page: as long as an export takes, others may go on. */
export async function* readAudit(queries: StoreQueries, after: number): AsyncGenerator<AuditRecord> {
  for (let last = after; ; ) {
    const rows = await queries
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '>', last)
      .orderBy('sequence')
      .limit(pageSize)
      .execute();
    for (const row of rows) yield recordOf(row);
    const end = rows.at(-1);
    if (end === undefined || rows.length < pageSize) return;
    last = end.sequence;
  }
}

/** What was done about one thing, oldest first; bounded, the newest. */
export async function auditOf(queries: StoreQueries, subject: string): Promise<AuditRecord[]> {
  const rows = await queries
    .selectFrom('audit_records')
    .selectAll()
    .where('subject', '=', subject)
    .orderBy('sequence', 'desc')
    .limit(pageSize)
    .execute();
  return rows.reverse().map(recordOf);
}

function rowOf(record: AuditRecord, at: Date): Selectable<StoreTables['audit_records']> {
  const { sequence, actor, action, subject, plugin, version, publisher, reason, previous, hash } = record;
  return {
    sequence,
    at: at.getTime(),
    actor,
    action,
    subject,
    plugin_id: plugin ?? null,
    version: version ?? null,
    publisher: publisher ?? null,
    reason: reason ?? null,
    detail: JSON.stringify(record.detail),
    is_public: publicActions.has(action) ? 1 : 0,
    previous_hash: previous,
    hash,
  };
}

function recordOf(row: Selectable<StoreTables['audit_records']>): AuditRecord {
  const { sequence, at, actor, subject, plugin_id, version, publisher, reason, previous_hash, hash } = row;
  return {
    sequence,
    at: new Date(at).toISOString(),
    actor,
    action: row.action as AuditAction,
    subject,
    ...definedOf({
      plugin: plugin_id ?? undefined,
      version: version ?? undefined,
      publisher: publisher ?? undefined,
      reason: reason ?? undefined,
    }),
    detail: JSON.parse(row.detail),
    previous: previous_hash,
    hash,
  };
}

/** The members that have a value. */
function definedOf<Name extends string>(
  members: Readonly<Partial<Record<Name, string | undefined>>>,
): Partial<Record<Name, string>> {
  return presentOf(members) as Partial<Record<Name, string>>;
}

function presentOf(detail: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present = Object.entries(detail).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(present);
}
