import type { Submission, SubmissionStep } from '@jami-plugin-store/contract';
import { fallbackLanguage } from '@jami-plugin-store/jpl';
import type { Caller } from '../access/caller.js';
import { auditOf } from '../audit/audit-log.js';
import type { StoreQueries } from '../database/database.js';
import { StoreError } from '../error.js';
import { submissionStateOf } from './submission-states.js';

/** A package with what is told of its plugin and version; add the conditions. */
export function selectSubmissions(queries: StoreQueries) {
  return queries
    .selectFrom('packages')
    .innerJoin('plugins', 'plugins.number', 'packages.plugin_number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('organizations', 'organizations.identity', 'packages.publisher')
    .selectAll('packages')
    .select([
      'plugins.id as plugin_id',
      'plugins.owner',
      'releases.changelog',
      'releases.yanked_at',
      'releases.yanked_reason',
      'organizations.kind as publisher_kind',
    ])
    .select((builder) =>
      builder
        .selectFrom('package_texts')
        .select('package_texts.name')
        .whereRef('package_texts.package_number', '=', 'packages.number')
        .orderBy((by) =>
          by.case().when('package_texts.language', '=', fallbackLanguage).then(0).else(1).end(),
        )
        .orderBy('package_texts.language')
        .limit(1)
        .as('shown_name'),
    );
}

export type SubmissionRow = Awaited<
  ReturnType<ReturnType<typeof selectSubmissions>['executeTakeFirstOrThrow']>
>;

/** @throws {StoreError} SUBMISSION_NOT_FOUND */
export async function submissionRow(queries: StoreQueries, sha256: string): Promise<SubmissionRow> {
  const row = await selectSubmissions(queries).where('packages.sha256', '=', sha256).executeTakeFirst();
  if (row !== undefined) return row;
  throw new StoreError('SUBMISSION_NOT_FOUND', 'No package of this digest was handed in.');
}

export function submissionOf(row: SubmissionRow): Submission {
  const time = (ms: number): string => new Date(ms).toISOString();
  const reason = row.revoked_reason ?? row.decision_reason;
  return {
    sha256: row.sha256,
    plugin: row.plugin_id,
    version: row.version,
    name: row.shown_name ?? row.plugin_id,
    publisher: {
      name: row.publisher_name,
      ...(row.publisher_kind === 'organization' ? { organization: row.publisher } : {}),
    },
    state: submissionStateOf(row),
    revision: row.revision,
    size: row.size,
    files: row.files,
    platforms: JSON.parse(row.platforms),
    categories: JSON.parse(row.categories),
    languages: JSON.parse(row.languages),
    ...(row.changelog === null ? {} : { changelog: row.changelog }),
    expiresAt: time(row.expires_at),
    submittedAt: time(row.submitted_at),
    ...(row.decided_at === null ? {} : { decidedAt: time(row.decided_at) }),
    ...(reason === null ? {} : { reason }),
    ...(row.yanked_at === null
      ? {}
      : { yanked: { reason: row.yanked_reason ?? '', at: time(row.yanked_at) } }),
  };
}

/** What was done with a package, oldest first. A publisher sees in which role others acted, not who they are. */
export async function stepsOf(
  queries: StoreQueries,
  sha256: string,
  caller: Caller,
): Promise<SubmissionStep[]> {
  const records = await auditOf(queries, `package/${sha256}`);
  return records.map(({ at, action, actor, reason }) => ({
    at,
    action,
    actor:
      caller.role === 'publisher' && !actor.startsWith('publisher ') ? (actor.split(' ')[0] ?? '') : actor,
    ...(reason === undefined ? {} : { reason }),
  }));
}
