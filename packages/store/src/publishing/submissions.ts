import type {
  Submission,
  SubmissionPage,
  SubmissionQuery,
  SubmissionState,
} from '@jami-plugin-store/contract';
import { judgePackagePath, judgeRevocation, parseCertificate } from '@jami-plugin-store/trust';
import { actorOf, assertConcerns, type Caller } from '../access/caller.js';
import { plainText } from '../access/plain-text.js';
import { appendAudit } from '../audit/audit-log.js';
import { lockPlugin, refreshPlugin } from '../catalog/refresh-plugin.js';
import type { StoreDatabase, StoreQueries, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import { assertUndoubted } from '../revoking/doubts.js';
import type { ChainPolicy } from './issued-chain.js';
import { pageOf, positionOf } from './page-position.js';
import { submissionStateOf, submissionTransitions } from './submission-states.js';
import {
  type SubmissionRow,
  selectSubmissions,
  stepsOf,
  submissionOf,
  submissionRow,
} from './submission-view.js';

export interface SubmissionsOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly policy: (at: Date) => ChainPolicy;
}

/** Packages that were handed in, and the decisions about them. */
export interface Submissions {
  /** Publishers see their organization's, the others all; newest first. */
  list(caller: Caller, query: SubmissionQuery): Promise<SubmissionPage>;
  /** @throws {StoreError} SUBMISSION_NOT_FOUND */
  show(caller: Caller, sha256: string): Promise<Submission>;
  /**
   * Publishes what was in review, if its certificates still hold and its id is still the organization's.
   * @throws {StoreError} SUBMISSION_NOT_FOUND | STATE_CONFLICT | PLUGIN_ID_TAKEN | CERTIFICATE_DOUBTED
   * @throws {TrustError} what became of its path since
   */
  accept(
    caller: Caller,
    sha256: string,
    reason: string | undefined,
    signal: AbortSignal,
  ): Promise<Submission>;
  /** @throws {StoreError} SUBMISSION_NOT_FOUND | STATE_CONFLICT */
  decline(caller: Caller, sha256: string, reason: string): Promise<Submission>;
  /** @throws {StoreError} SUBMISSION_NOT_FOUND | STATE_CONFLICT */
  withdraw(caller: Caller, sha256: string): Promise<Submission>;
}

const defaultPage = 50;

export function createSubmissions({ database, clock, policy }: SubmissionsOptions): Submissions {
  const own = async (caller: Caller, sha256: string): Promise<SubmissionRow> => {
    const row = await submissionRow(database.queries, sha256);
    assertConcerns(caller, row.publisher, 'This package');
    return row;
  };
  const shown = async (sha256: string) => submissionOf(await submissionRow(database.queries, sha256));

  return {
    async list(caller, { state, plugin, after, limit = defaultPage }) {
      const position = positionOf(after);
      let query = selectSubmissions(database.queries);
      if (caller.role === 'publisher')
        query = query.where('packages.publisher', '=', caller.organization ?? '');
      if (plugin !== undefined) query = query.where('plugins.id_key', '=', plugin.toLowerCase());
      if (state !== undefined) query = inState(query, state);
      if (position !== undefined) {
        query = query.where((where) =>
          where.or([
            where('packages.submitted_at', '<', position.at),
            where.and([
              where('packages.submitted_at', '=', position.at),
              where('packages.sha256', '<', position.id),
            ]),
          ]),
        );
      }
      const rows = await query
        .orderBy('packages.submitted_at', 'desc')
        .orderBy('packages.sha256', 'desc')
        .limit(limit + 1)
        .execute();
      const page = pageOf(rows, limit, ({ submitted_at, sha256 }) => ({ at: submitted_at, id: sha256 }));
      const submissions = page.shown.map(submissionOf);
      return page.next === undefined ? { submissions } : { submissions, next: page.next };
    },
    async show(caller, sha256) {
      const row = await own(caller, sha256);
      return { ...submissionOf(row), steps: await stepsOf(database.queries, sha256, caller) };
    },
    async accept(caller, sha256, reason, signal) {
      const at = clock();
      const why = reason === undefined ? undefined : plainText('reason', reason);
      const before = await submissionRow(database.queries, sha256);
      // Certificates may have been revoked, or expired, while it waited.
      await judgeAgain(database.queries, before.number, { ...policy(at), signal });
      await database.transact(async (tx) => {
        await decide(tx, database, { step: 'accept', caller, at, reason: why }, before);
        await tx
          .updateTable('packages')
          .set({ published_at: at.getTime() })
          .where('number', '=', before.number)
          .execute();
        await tx
          .updateTable('releases')
          .set({ published_at: at.getTime() })
          .where('number', '=', before.release_number)
          .where('published_at', 'is', null)
          .execute();
        await refreshPlugin(tx, database.kind, before.plugin_number, at);
        await note(tx, { step: 'accept', caller, at, reason: why }, before);
        await assertUndoubted(tx, before.number);
      });
      return await shown(sha256);
    },
    async decline(caller, sha256, reason) {
      const at = clock();
      const why = plainText('reason', reason);
      const before = await submissionRow(database.queries, sha256);
      await database.transact(async (tx) => {
        await decide(tx, database, { step: 'decline', caller, at, reason: why }, before);
        await note(tx, { step: 'decline', caller, at, reason: why }, before);
      });
      return await shown(sha256);
    },
    async withdraw(caller, sha256) {
      const at = clock();
      const before = await own(caller, sha256);
      await database.transact(async (tx) => {
        await decide(tx, database, { step: 'withdraw', caller, at }, before);
        await note(tx, { step: 'withdraw', caller, at }, before);
      });
      return await shown(sha256);
    },
  };
}

function inState(query: ReturnType<typeof selectSubmissions>, state: SubmissionState) {
  if (state === 'revoked') return query.where('packages.revoked_at', 'is not', null);
  const standing = query.where('packages.revoked_at', 'is', null);
  if (state === 'suspended') return standing.where('packages.suspended_at', 'is not', null);
  return standing.where('packages.suspended_at', 'is', null).where('packages.state', '=', state);
}

interface Decision {
  readonly step: 'accept' | 'decline' | 'withdraw';
  readonly caller: Caller;
  readonly at: Date;
  readonly reason?: string | undefined;
}

/** One decision, once: of two at the same time one finds the other's state. @throws {StoreError} STATE_CONFLICT | PLUGIN_ID_TAKEN */
async function decide(
  tx: StoreTransaction,
  { kind }: StoreDatabase,
  { step, caller, at, reason }: Decision,
  row: SubmissionRow,
): Promise<void> {
  await lockPlugin(tx, kind, row.plugin_number);
  const now = await submissionRow(tx, row.sha256);
  const state = submissionStateOf(now);
  const { from, to } = submissionTransitions[step];
  if (!from.some((possible) => possible === state)) {
    throw new StoreError('STATE_CONFLICT', `This package is ${state}, not in review.`);
  }
  if (step === 'accept' && now.owner !== now.publisher) {
    throw new StoreError(
      'PLUGIN_ID_TAKEN',
      `The id ${now.plugin_id} belongs to another organization by now.`,
    );
  }
  await tx
    .updateTable('packages')
    .set({
      state: to,
      decided_at: at.getTime(),
      decided_by: actorOf(caller),
      decision_reason: reason ?? null,
    })
    .where('number', '=', row.number)
    .execute();
}

async function note(tx: StoreTransaction, { step, caller, at, reason }: Decision, row: SubmissionRow) {
  const { action } = submissionTransitions[step];
  await appendAudit(tx, {
    at,
    actor: actorOf(caller),
    action: step === 'accept' && row.revision > 1 ? 'revised' : action,
    subject: `package/${row.sha256}`,
    plugin: row.plugin_id,
    version: row.version,
    publisher: row.publisher_name,
    reason,
    detail: { sha256: row.sha256 },
  });
}

/** Judges the certificates of a recorded package at this instant. @throws {TrustError} */
async function judgeAgain(queries: StoreQueries, packageNumber: number, policy: ChainPolicy): Promise<void> {
  const rows = await queries
    .selectFrom('package_certificates')
    .innerJoin('certificates', 'certificates.sha256', 'package_certificates.certificate')
    .select('certificates.der')
    .where('package_certificates.package_number', '=', packageNumber)
    .orderBy('package_certificates.position')
    .execute();
  const certificates = rows.map(({ der }) => parseCertificate(Buffer.from(der, 'base64')));
  const { path } = judgePackagePath(certificates, policy.anchors, policy.at);
  await judgeRevocation(path, policy);
}
