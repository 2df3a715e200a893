import { noteChange } from '../database/changes.js';
import { nextNumber } from '../database/counter.js';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import { describePlugin } from './describe-plugin.js';
import { removeDocument, writeDocument } from './search-index.js';
import { isServable } from './servable.js';

/** A package as far as it decides what is offered. */
interface Candidate {
  readonly number: number;
  readonly release_number: number;
  readonly version_key: string;
  readonly revision: number;
  /** JSON array. */
  readonly platforms: string;
  readonly published_at: number;
  readonly expires_at: number;
}

/**
 * Works out anew what is offered of one plugin, after anything about it changed: a package was published, yanked, withdrawn, expired or
 * may be offered again. Touches that plugin's rows only, and tells every process. Called at the end of the transaction that changed it,
 * once its plugin is locked (`lockPlugin`).
 */
export async function refreshPlugin(
  tx: StoreTransaction,
  kind: DatabaseKind,
  plugin: number,
  at: Date,
): Promise<void> {
  const candidates = (await candidatesOf(tx, plugin, at.getTime())).sort(newestFirst);
  await writeOffers(tx, plugin, offersOf(candidates));
  await list(tx, kind, plugin, candidates[0]);
  await noteChange(tx, kind, { subject: 'plugin', plugin, at });
}

/**
 * Holds a plugin until the transaction ends, so that changes to it come one after the other. SQLite's transactions do anyway.
 * Of several, always the one with the lower number first.
 */
export async function lockPlugin(tx: StoreTransaction, kind: DatabaseKind, plugin: number): Promise<void> {
  if (kind === 'sqlite') return;
  await tx.selectFrom('plugins').select('number').where('number', '=', plugin).forUpdate().execute();
}

function candidatesOf(tx: StoreTransaction, plugin: number, at: number): Promise<Candidate[]> {
  return tx
    .selectFrom('packages')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .select([
      'packages.number',
      'packages.release_number',
      'releases.version_key',
      'packages.revision',
      'packages.platforms',
      'packages.published_at',
      'packages.expires_at',
    ])
    .where('packages.plugin_number', '=', plugin)
    .where(isServable())
    .where('packages.expires_at', '>', at)
    .where('releases.yanked_at', 'is', null)
    .$narrowType<{ published_at: number }>()
    .execute();
}

/** For each platform that a package names, and for all others, the first that runs there. */
function offersOf(newestFirst: readonly Candidate[]): Map<string, Candidate> {
  const offers = new Map<string, Candidate>();
  const named = new Map(
    newestFirst.map((candidate) => [candidate, JSON.parse(candidate.platforms) as string[]]),
  );
  for (const platform of new Set([...named.values()].flat())) {
    for (const [candidate, platforms] of named) {
      if (!platforms.includes(platform) && !platforms.includes(everyPlatform)) continue;
      offers.set(platform, candidate);
      break;
    }
  }
  return offers;
}

/** Stands for each platform Jami has a name for. */
export const everyPlatform = '*';

function newestFirst(a: Candidate, b: Candidate): number {
  if (a.version_key !== b.version_key) return a.version_key < b.version_key ? 1 : -1;
  return b.revision - a.revision || b.published_at - a.published_at || b.number - a.number;
}

async function writeOffers(
  tx: StoreTransaction,
  plugin: number,
  offers: ReadonlyMap<string, Candidate>,
): Promise<void> {
  await tx.deleteFrom('offers').where('plugin_number', '=', plugin).execute();
  if (offers.size === 0) return;
  await tx
    .insertInto('offers')
    .values(
      [...offers].map(([platform, { number, published_at, expires_at }]) => ({
        plugin_number: plugin,
        platform,
        package_number: number,
        published_at,
        expires_at,
      })),
    )
    .execute();
}

/** Gives the plugin its place among the listed, or takes it from there; a later publication gets a new, higher place. */
async function list(
  tx: StoreTransaction,
  kind: DatabaseKind,
  plugin: number,
  newest: Candidate | undefined,
): Promise<void> {
  const before = await tx
    .selectFrom('plugins')
    .leftJoin('packages', 'packages.number', 'plugins.newest_package')
    .select(['plugins.listed', 'packages.published_at'])
    .where('plugins.number', '=', plugin)
    .executeTakeFirstOrThrow();
  await tx.deleteFrom('plugin_categories').where('plugin_number', '=', plugin).execute();
  if (newest === undefined) {
    if (before.listed !== null) await removeDocument(tx, kind, before.listed);
    const nowhere = { newest_package: null, listed: null, name_key: null };
    await tx.updateTable('plugins').set(nowhere).where('number', '=', plugin).execute();
    return;
  }
  const isLater = before.published_at === null || newest.published_at > before.published_at;
  const listed = before.listed === null || isLater ? await nextNumber(tx, 'listed') : before.listed;
  if (before.listed !== null && before.listed !== listed) await removeDocument(tx, kind, before.listed);
  const { nameKey, categories, document } = await describePlugin(tx, plugin, newest.number);
  await tx
    .updateTable('plugins')
    .set({ newest_package: newest.number, listed, name_key: nameKey })
    .where('number', '=', plugin)
    .execute();
  if (categories.length > 0) {
    const rows = categories.map((category) => ({ plugin_number: plugin, category }));
    await tx.insertInto('plugin_categories').values(rows).execute();
  }
  await writeDocument(tx, kind, listed, document);
}
