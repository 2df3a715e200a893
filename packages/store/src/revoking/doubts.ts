import { storeActor } from '../access/caller.js';
import { appendAudit } from '../audit/audit-log.js';
import { lockPlugin, refreshPlugin } from '../catalog/refresh-plugin.js';
import type { StoreDatabase, StoreQueries, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import { submissionTransitions } from '../publishing/submission-states.js';

/** Plugins changed in one transaction. */
const batchSize = 25;

/**
 * Holds back at once everything a certificate signed, until its responder has answered: called on a hint, before anybody is asked. A
 * certificate that signed nothing here is remembered as well, for what may come with it.
 * @returns whether the doubt is new
 */
export async function doubtCertificate(
  database: StoreDatabase,
  sha256: string,
  reason: string,
  at: Date,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await database.queries
    .insertInto('doubted_certificates')
    .values({ sha256, reason, since: at.getTime() })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .executeTakeFirst();
  await afterRunning(database);
  await eachPlugin(database, sha256, async (tx, plugin) => {
    const held = await packagesOf(tx, plugin, sha256, 'suspend');
    for (const row of held) {
      await tx
        .updateTable('packages')
        .set({ suspended_at: at.getTime() })
        .where('number', '=', row.number)
        .execute();
    }
    if (held.length === 0) return;
    await refreshPlugin(tx, database.kind, plugin, at);
    for (const row of held) await note(tx, row, 'suspend', at, reason);
  });
  return numInsertedOrUpdatedRows === 1n;
}

/** The responder has said that it is good: what nothing else speaks against is offered again. */
export async function clearCertificate(database: StoreDatabase, sha256: string, at: Date): Promise<void> {
  await database.queries.deleteFrom('doubted_certificates').where('sha256', '=', sha256).execute();
  await eachPlugin(database, sha256, async (tx, plugin) => {
    const cleared = await packagesOf(tx, plugin, sha256, 'resume');
    for (const row of cleared)
      await tx.updateTable('packages').set({ suspended_at: null }).where('number', '=', row.number).execute();
    if (cleared.length === 0) return;
    await refreshPlugin(tx, database.kind, plugin, at);
    for (const row of cleared) await note(tx, row, 'resume', at);
  });
}

/** The responder has said that it is revoked: what it signed is never offered again. */
export async function revokeCertificate(
  database: StoreDatabase,
  sha256: string,
  reason: string,
  at: Date,
): Promise<void> {
  await database.queries
    .updateTable('certificates')
    .set({ revoked_at: at.getTime(), revoked_reason: reason })
    .where('sha256', '=', sha256)
    .where('revoked_at', 'is', null)
    .execute();
  await eachPlugin(database, sha256, async (tx, plugin) => {
    const revoked = await packagesOf(tx, plugin, sha256, 'revoke');
    for (const row of revoked) {
      await tx
        .updateTable('packages')
        .set({ revoked_at: at.getTime(), revoked_reason: reason })
        .where('number', '=', row.number)
        .execute();
    }
    if (revoked.length === 0) return;
    await refreshPlugin(tx, database.kind, plugin, at);
    for (const row of revoked) await note(tx, row, 'revoke', at, reason);
  });
  // Only now: while it is doubted, nothing new comes in with it.
  await database.queries.deleteFrom('doubted_certificates').where('sha256', '=', sha256).execute();
}

/**
 * Refuses what is about to be published with a certificate in doubt. To be called in its transaction after its audit record was appended:
 * whoever doubts a certificate looks for its packages after that record's transaction, so that none slips through in between.
 * @throws {StoreError} CERTIFICATE_DOUBTED
 */
export async function assertUndoubted(queries: StoreTransaction, packageNumber: number): Promise<void> {
  const doubted = await queries
    .selectFrom('package_certificates')
    .innerJoin('doubted_certificates', 'doubted_certificates.sha256', 'package_certificates.certificate')
    .innerJoin('certificates', 'certificates.sha256', 'package_certificates.certificate')
    .select('certificates.subject')
    .where('package_certificates.package_number', '=', packageNumber)
    .executeTakeFirst();
  if (doubted === undefined) return;
  throw new StoreError(
    'CERTIFICATE_DOUBTED',
    `The certificate "${doubted.subject}" may have been revoked; its responder is being asked.`,
    { headers: { 'retry-after': '10' } },
  );
}

type Change = 'suspend' | 'resume' | 'revoke';

interface Affected {
  readonly number: number;
  readonly sha256: string;
  readonly version: string;
  readonly publisher_name: string;
  readonly plugin_id: string;
}

/** Goes through the plugins that have packages with a certificate in their path, lower numbers first, one transaction each. */
async function eachPlugin(
  database: StoreDatabase,
  certificate: string,
  change: (tx: StoreTransaction, plugin: number) => Promise<void>,
): Promise<void> {
  for (let last = 0; ; ) {
    const plugins = await pluginsAfter(database.queries, certificate, last);
    for (const { plugin_number: plugin } of plugins) {
      await database.transact(async (tx) => {
        await lockPlugin(tx, database.kind, plugin);
        await change(tx, plugin);
      });
      last = plugin;
    }
    if (plugins.length < batchSize) return;
  }
}

/** Waits for transactions that have appended to the audit log already: they did not see what was just written. */
async function afterRunning(database: StoreDatabase): Promise<void> {
  await database.transact((tx) =>
    tx
      .updateTable('counters')
      .set((builder) => ({ value: builder.ref('value') }))
      .where('name', '=', 'audit')
      .execute(),
  );
}

function pluginsAfter(queries: StoreQueries, certificate: string, last: number) {
  return queries
    .selectFrom('packages')
    .innerJoin('package_certificates', 'package_certificates.package_number', 'packages.number')
    .select('packages.plugin_number')
    .distinct()
    .where('package_certificates.certificate', '=', certificate)
    .where('packages.plugin_number', '>', last)
    .where('packages.revoked_at', 'is', null)
    .orderBy('packages.plugin_number')
    .limit(batchSize)
    .execute();
}

function packagesOf(
  tx: StoreTransaction,
  plugin: number,
  certificate: string,
  change: Change,
): Promise<Affected[]> {
  let query = tx
    .selectFrom('packages')
    .innerJoin('package_certificates', 'package_certificates.package_number', 'packages.number')
    .innerJoin('plugins', 'plugins.number', 'packages.plugin_number')
    .select([
      'packages.number',
      'packages.sha256',
      'packages.version',
      'packages.publisher_name',
      'plugins.id as plugin_id',
    ])
    .where('packages.plugin_number', '=', plugin)
    .where('package_certificates.certificate', '=', certificate)
    .where('packages.revoked_at', 'is', null)
    .orderBy('packages.number');
  if (change === 'suspend')
    query = query.where('packages.state', '=', 'published').where('packages.suspended_at', 'is', null);
  if (change === 'revoke') query = query.where('packages.state', 'in', ['review', 'published']);
  if (change === 'resume') {
    query = query
      .where('packages.suspended_at', 'is not', null)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('package_certificates as others')
              .innerJoin('doubted_certificates', 'doubted_certificates.sha256', 'others.certificate')
              .select('others.certificate')
              .whereRef('others.package_number', '=', 'packages.number'),
          ),
        ),
      );
  }
  return query.execute();
}

async function note(tx: StoreTransaction, row: Affected, change: Change, at: Date, reason?: string) {
  await appendAudit(tx, {
    at,
    actor: storeActor,
    action: submissionTransitions[change].action,
    subject: `package/${row.sha256}`,
    plugin: row.plugin_id,
    version: row.version,
    publisher: row.publisher_name,
    reason,
    detail: { sha256: row.sha256 },
  });
}
