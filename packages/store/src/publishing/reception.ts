import type { Submission } from '@jami-plugin-store/contract';
import { actorOf, type Caller, organizationOf } from '../access/caller.js';
import { appendAudit } from '../audit/audit-log.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { holdBlobs } from '../blobs/sweep-lock.js';
import { forgetPackage } from '../catalog/forget-package.js';
import type { PackageFacts } from '../catalog/package-facts.js';
import { recordPackage } from '../catalog/record-package.js';
import { refreshPlugin } from '../catalog/refresh-plugin.js';
import type { DatabaseKind, StoreDatabase, StoreTransaction } from '../database/database.js';
import { rehearse } from '../database/rehearse.js';
import { StoreError } from '../error.js';
import { type JudgedPackage, type JudgePolicy, judgePackageFile } from '../judging/judge-package-file.js';
import { factsOf } from '../judging/package-facts-of.js';
import { assertUndoubted } from '../revoking/doubts.js';
import type { PackageReception } from '../uploads/package-reception.js';
import { submissionTransitions } from './submission-states.js';
import { selectSubmissions, submissionOf, submissionRow } from './submission-view.js';

export interface ReceptionOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  readonly judging: JudgePolicy;
}

/**
 * Takes packages in: judged as an installer judges them, then their bytes kept, then entered, in this order, so that a process killed
 * anywhere leaves nothing entered whose bytes are not there; bytes that nothing is entered for are found by `jpl store check`.
 */
export function createReception({ database, blobs, clock, judging }: ReceptionOptions): PackageReception {
  return {
    async receive(caller, received, { changelog, signal }) {
      const at = clock();
      const { path, sha256 } = received;
      const judged = await judgePackageFile({ ...judging, path, sha256, at, signal });
      assertPublisher(caller, judged);
      const facts = factsOf(judged, judging.revocation);
      const entering = { facts, caller, at, changelog };
      // Whatever would be refused is refused before its bytes take room.
      await rehearse(database, (tx) => enter(tx, database, entering));
      const kept = [sha256];
      for (const image of [judged.icon, judged.background])
        if (image !== undefined) kept.push((await blobs.put(image.bytes)).sha256);
      await received.keep();
      await database.transact(async (tx) => {
        await holdBlobs(tx, database.kind, blobs, kept);
        await enter(tx, database, entering);
      });
      const { flaws } = judged;
      const submission = submissionOf(await submissionRow(database.queries, sha256));
      return flaws.length === 0 ? submission : { ...submission, flaws: [...flaws] };
    },
    async find(caller, sha256): Promise<Submission | undefined> {
      const row = await selectSubmissions(database.queries)
        .where('packages.sha256', '=', sha256)
        .where('packages.publisher', '=', organizationOf(caller))
        .where('packages.state', '!=', 'withdrawn')
        .executeTakeFirst();
      return row === undefined ? undefined : submissionOf(row);
    },
    async assertUnknown(sha256) {
      const row = await database.queries
        .selectFrom('packages')
        .select('state')
        .where('sha256', '=', sha256)
        .where('state', '!=', 'withdrawn')
        .executeTakeFirst();
      if (row !== undefined)
        throw new StoreError('PACKAGE_DUPLICATE', `The store has these very bytes already (${row.state}).`);
    },
  };
}

/** @throws {StoreError} ORGANIZATION_MISSING | PUBLISHER_MISMATCH */
function assertPublisher(caller: Caller, { plugin: { publisher } }: JudgedPackage): void {
  if (publisher.organization === undefined) {
    throw new StoreError(
      'ORGANIZATION_MISSING',
      'A root signs this plugin directly: no organization vouches for it, so none can publish it.',
    );
  }
  if (publisher.organization !== organizationOf(caller)) {
    throw new StoreError(
      'PUBLISHER_MISMATCH',
      `The package is signed by ${publisher.name}, which is not the organization of this token.`,
    );
  }
}

interface Entering {
  readonly facts: PackageFacts;
  readonly caller: Caller;
  readonly at: Date;
  readonly changelog: string | null;
}

/** @throws {StoreError} PACKAGE_DUPLICATE | PLUGIN_ID_TAKEN | VERSION_TAKEN | CATEGORIES_MALFORMED | CERTIFICATE_DOUBTED */
async function enter(
  tx: StoreTransaction,
  { kind }: StoreDatabase,
  { facts, caller, at, changelog }: Entering,
): Promise<void> {
  await forgetWithdrawn(tx, kind, facts);
  const isAtOnce = (await isTrusted(tx, facts)) || (await isPublishedContent(tx, facts));
  const transition = isAtOnce ? submissionTransitions.publish : submissionTransitions.submit;
  const actor = actorOf(caller);
  const recorded = await recordPackage(tx, kind, {
    facts,
    state: transition.to,
    at,
    actor,
    ...(changelog === null ? {} : { changelog }),
  });
  if (recorded.revision > 1) await assertRenewed(tx, recorded, facts);
  if (transition.to === 'published') await refreshPlugin(tx, kind, recorded.plugin, at);
  const isRevision = transition.to === 'published' && recorded.revision > 1;
  await appendAudit(tx, {
    at,
    actor,
    action: isRevision ? 'revised' : transition.action,
    subject: `package/${facts.sha256}`,
    plugin: facts.id,
    version: facts.version,
    publisher: facts.publisher.name,
    detail: { sha256: facts.sha256, organization: facts.publisher.organization },
  });
  if (transition.to === 'published') await assertUndoubted(tx, recorded.number);
}

/** What was taken back may be handed in again; the audit log keeps what happened. */
async function forgetWithdrawn(
  tx: StoreTransaction,
  kind: DatabaseKind,
  { sha256, publisher }: PackageFacts,
): Promise<void> {
  const row = await tx
    .selectFrom('packages')
    .select('number')
    .where('sha256', '=', sha256)
    .where('state', '=', 'withdrawn')
    .where('publisher', '=', publisher.organization ?? '')
    .executeTakeFirst();
  if (row !== undefined) await forgetPackage(tx, kind, row.number);
}

async function isTrusted(tx: StoreTransaction, { publisher }: PackageFacts): Promise<boolean> {
  const row = await tx
    .selectFrom('organizations')
    .select('is_trusted')
    .where('identity', '=', publisher.organization ?? '')
    .executeTakeFirst();
  return row?.is_trusted === 1;
}

/** The same entries were reviewed and published before, by the same organization: only their signature is new. */
async function isPublishedContent(tx: StoreTransaction, facts: PackageFacts): Promise<boolean> {
  const found = await tx
    .selectFrom('packages')
    .innerJoin('plugins', 'plugins.number', 'packages.plugin_number')
    .select('packages.number')
    .where('plugins.id_key', '=', facts.id.toLowerCase())
    .where('packages.content_sha256', '=', facts.contentSha256)
    .where('packages.publisher', '=', facts.publisher.organization ?? '')
    .where('packages.state', '=', 'published')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** A revision has another certificate: packing the same anew makes no release. @throws {StoreError} VERSION_TAKEN */
async function assertRenewed(
  tx: StoreTransaction,
  { release, number }: { release: number; number: number },
  { path, version }: PackageFacts,
): Promise<void> {
  const same = await tx
    .selectFrom('packages')
    .innerJoin('package_certificates', 'package_certificates.package_number', 'packages.number')
    .select('packages.number')
    .where('packages.release_number', '=', release)
    .where('packages.number', '!=', number)
    .where('packages.state', 'not in', ['declined', 'withdrawn'])
    .where('package_certificates.position', '=', 0)
    .where('package_certificates.certificate', '=', path[0]?.fingerprint ?? '')
    .executeTakeFirst();
  if (same === undefined) return;
  throw new StoreError(
    'VERSION_TAKEN',
    `Version ${version} is in the store already, signed by the same certificate.`,
  );
}
