import { sql } from 'kysely';
import { nextNumber } from './counter.js';
import type { StoreDatabase, StoreQueries, StoreTransaction } from './database.js';

/** What has changed, so that each process drops just that from what it holds ready. */
export interface Change {
  readonly sequence: number;
  /**
   * `plugin`: what is offered of one plugin, or known about it · `everything`: anything at all (roots, a restored
   * backup) · `application`: releases of applications · `access`: tokens and roles.
   */
  readonly subject: ChangeSubject;
  readonly plugin: number | null;
}

export type ChangeSubject = 'plugin' | 'everything' | 'application' | 'access';

/** PostgreSQL's channel on which the number of a change is told. */
export const changeChannel = 'jpl_store_changes';

/** Changes kept; whoever was away for longer starts over. */
const maxKept = 10_000;

/**
 * Notes a change, to be seen by every process once the transaction is committed. Sequence numbers rise in the order of
 * commits: the counter's row is held until then, so this is the last thing a transaction does.
 */
export async function noteChange(
  queries: StoreTransaction,
  kind: StoreDatabase['kind'],
  change: { readonly subject: ChangeSubject; readonly plugin?: number | undefined; readonly at: Date },
): Promise<void> {
  const sequence = await nextNumber(queries, 'changes');
  const { subject, plugin = null, at } = change;
  await queries
    .insertInto('changes')
    .values({ sequence, subject, plugin_number: plugin, at: at.getTime() })
    .execute();
  if (sequence % 1_000 === 0) {
    await queries
      .deleteFrom('changes')
      .where('sequence', '<=', sequence - maxKept)
      .execute();
  }
  // Told at commit, and only then.
  if (kind === 'postgresql')
    await sql`select pg_notify(${changeChannel}, ${String(sequence)})`.execute(queries);
}

/** The number of the last change; 0 = none yet. */
export async function lastChange(queries: StoreQueries): Promise<number> {
  const found = await queries
    .selectFrom('counters')
    .select('value')
    .where('name', '=', 'changes')
    .executeTakeFirst();
  return found?.value ?? 0;
}

/** Changes after a number, in order; `undefined` = so long ago that not all are known any more. */
export async function changesAfter(queries: StoreQueries, sequence: number): Promise<Change[] | undefined> {
  const found = await queries
    .selectFrom('changes')
    .select(['sequence', 'subject', 'plugin_number'])
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(maxKept)
    .execute();
  if (found.length > 0 && found[0]?.sequence !== sequence + 1) return undefined;
  return found.map((row) => ({
    sequence: row.sequence,
    subject: row.subject as ChangeSubject,
    plugin: row.plugin_number,
  }));
}
