import type { Insertable } from 'kysely';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import { claimPlugin } from './claim-plugin.js';
import type { PackageFacts } from './package-facts.js';
import { recordCertificates } from './record-certificates.js';
import { everyPlatform } from './refresh-plugin.js';
import { versionKey } from './version-key.js';

export interface Submission {
  readonly facts: PackageFacts;
  /** `published` without a decision of anybody's: the caller then refreshes the plugin in the same transaction. */
  readonly state: 'review' | 'published';
  readonly at: Date;
  /** Who handed it in. */
  readonly actor: string;
  readonly changelog?: string | undefined;
  /** When it was published, where that was before `at`. */
  readonly publishedAt?: Date | undefined;
}

/** Where a package has its place. */
export interface RecordedPackage {
  readonly plugin: number;
  readonly release: number;
  readonly number: number;
  /** 1, or more where it is the content of an earlier package under a renewed certificate. */
  readonly revision: number;
}

/**
 * Takes a judged package into the catalog, in a transaction that then holds its plugin until it ends: of several at once for one
 * version, one gets in. Its blobs must be stored already.
 * @throws {StoreError} PACKAGE_DUPLICATE | PLUGIN_ID_TAKEN | VERSION_TAKEN
 */
export async function recordPackage(
  tx: StoreTransaction,
  kind: DatabaseKind,
  { facts, state, at, actor, changelog, publishedAt = at }: Submission,
): Promise<RecordedPackage> {
  const plugin = await claimPlugin(tx, kind, facts, at);
  await assertNew(tx, facts.sha256);
  const release = await releaseFor(tx, plugin, facts.version, { at, changelog });
  const revision = await revisionFor(tx, release, facts);
  const isPublished = state === 'published';
  const number = await insertPackage(tx, {
    sha256: facts.sha256,
    plugin_number: plugin,
    release_number: release,
    version: facts.version,
    revision,
    content_sha256: facts.contentSha256,
    state,
    size: facts.size,
    platforms: JSON.stringify(platformsOf(facts)),
    files: facts.files,
    publisher: facts.publisher.organization ?? facts.publisher.pluginKey,
    publisher_name: facts.publisher.name,
    publisher_key: facts.publisher.pluginKey,
    anchor: facts.anchor,
    revocation_mode: facts.revocation,
    expires_at: facts.expiresAt.getTime(),
    languages: JSON.stringify(Object.keys(facts.texts).sort()),
    categories: JSON.stringify([...facts.categories].sort()),
    icon: facts.icon === undefined ? null : JSON.stringify(facts.icon),
    background: facts.background === undefined ? null : JSON.stringify(facts.background),
    submitted_at: at.getTime(),
    submitted_by: actor,
    published_at: isPublished ? publishedAt.getTime() : null,
  });
  await insertTexts(tx, number, facts.texts);
  // Judging has just asked; the next time is an ordinary one.
  await recordCertificates(tx, number, facts.path, facts.revocation === 'off' ? undefined : at);
  if (isPublished) {
    await tx
      .updateTable('releases')
      .set({ published_at: publishedAt.getTime() })
      .where('number', '=', release)
      .where('published_at', 'is', null)
      .execute();
  }
  return { plugin, release, number, revision };
}

/** `*` alone where nothing depends on the platform. */
function platformsOf({ platforms }: PackageFacts): string[] {
  return platforms === 'any' ? [everyPlatform] : [...platforms].sort();
}

/** @throws {StoreError} PACKAGE_DUPLICATE */
async function assertNew(tx: StoreTransaction, sha256: string): Promise<void> {
  const known = await tx
    .selectFrom('packages')
    .select('state')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (known === undefined) return;
  throw new StoreError('PACKAGE_DUPLICATE', `The store has these very bytes already (${known.state}).`);
}

async function releaseFor(
  tx: StoreTransaction,
  plugin: number,
  version: string,
  { at, changelog = null }: { readonly at: Date; readonly changelog?: string | null | undefined },
): Promise<number> {
  const key = versionKey(version);
  const known = await tx
    .selectFrom('releases')
    .select(['number', 'changelog'])
    .where('plugin_number', '=', plugin)
    .where('version_key', '=', key)
    .executeTakeFirst();
  if (known === undefined) {
    const row = { plugin_number: plugin, version, version_key: key, changelog, created_at: at.getTime() };
    return (await tx.insertInto('releases').values(row).returning('number').executeTakeFirstOrThrow()).number;
  }
  if (known.changelog === null && changelog !== null) {
    await tx.updateTable('releases').set({ changelog }).where('number', '=', known.number).execute();
  }
  return known.number;
}

/**
 * A version is published once for each platform. The same content for the same platforms, signed anew, is a revision of it.
 * @throws {StoreError} VERSION_TAKEN
 */
async function revisionFor(tx: StoreTransaction, release: number, facts: PackageFacts): Promise<number> {
  const others = await tx
    .selectFrom('packages')
    .select(['platforms', 'content_sha256', 'revision'])
    .where('release_number', '=', release)
    .where('state', 'not in', ['declined', 'withdrawn'])
    .execute();
  const platforms = platformsOf(facts);
  let revision = 1;
  for (const other of others) {
    const taken = JSON.parse(other.platforms) as string[];
    if (!meet(platforms, taken)) continue;
    const isSame =
      other.content_sha256 === facts.contentSha256 && JSON.stringify(platforms) === other.platforms;
    if (!isSame) {
      throw new StoreError(
        'VERSION_TAKEN',
        `Version ${facts.version} of ${facts.id} is in the store already${taken.includes(everyPlatform) ? '' : ` for ${taken.join(', ')}`}.`,
      );
    }
    revision = Math.max(revision, other.revision + 1);
  }
  return revision;
}

function meet(a: readonly string[], b: readonly string[]): boolean {
  return a.includes(everyPlatform) || b.includes(everyPlatform) || a.some((platform) => b.includes(platform));
}

async function insertPackage(
  tx: StoreTransaction,
  row: Insertable<StoreTables['packages']>,
): Promise<number> {
  return (await tx.insertInto('packages').values(row).returning('number').executeTakeFirstOrThrow()).number;
}

async function insertTexts(
  tx: StoreTransaction,
  number: number,
  texts: PackageFacts['texts'],
): Promise<void> {
  const rows = Object.entries(texts).map(([language, { name, description }]) => ({
    package_number: number,
    language,
    name,
    description,
  }));
  await tx.insertInto('package_texts').values(rows).execute();
  // In one order, so that two transactions that bring the same ones do not wait for each other.
  const languages = Object.keys(texts).sort();
  await tx
    .insertInto('languages')
    .values(languages.map((language) => ({ language })))
    .onConflict((conflict) => conflict.column('language').doNothing())
    .execute();
}
