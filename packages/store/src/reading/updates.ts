import type { UpdateAnswer, UpdateNotice, UpdateQuestion } from '@jami-plugin-store/contract';
import { isVersion } from '@jami-plugin-store/jpl';
import { type RawBuilder, sql } from 'kysely';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import { versionKey } from '../catalog/version-key.js';
import type { StoreQueries } from '../database/database.js';
import { deprecationOf, publisherOf, yankOf } from './package-view.js';

type Installed = UpdateQuestion['plugins'][number];

/** What there is to say about each plugin that somebody has installed; nothing about those that are as they should be. */
export async function updatesFor(
  queries: StoreQueries,
  { platform, plugins: installed }: UpdateQuestion,
  at: Date,
): Promise<UpdateAnswer> {
  const known = await knownPlugins(queries, installed);
  const numbers = [...known.values()].map(({ number }) => number);
  const offers = await offersFor(queries, numbers, platform, at);
  const packages = await installedPackages(queries, known, installed);
  const notices = installed.flatMap((one): UpdateNotice[] => {
    const plugin = known.get(one.id);
    if (plugin === undefined) return [{ id: one.id, isOffered: false }];
    const offer = offers.get(plugin.number);
    const key = isVersion(one.version) ? `${plugin.number} ${versionKey(one.version)}` : '';
    const its = (packages.get(key) ?? []).filter((row) => isOf(row, one, platform));
    const notice: UpdateNotice = {
      id: one.id,
      ...updateOf(one, offer, its),
      ...yankOf(its.find(({ yanked_at }) => yanked_at !== null) ?? notYanked),
      ...revocationOf(one, its),
      ...deprecationOf(plugin),
      isOffered: offer !== undefined,
    };
    return hasNews(notice) ? [notice] : [];
  });
  return { at: at.toISOString(), notices };
}

const notYanked = { yanked_at: null, yanked_reason: null };

function hasNews({ update, yanked, revoked, deprecated, isOffered }: UpdateNotice): boolean {
  return !isOffered || [update, yanked, revoked, deprecated].some((part) => part !== undefined);
}

/** By id, in the very spelling asked for. */
async function knownPlugins(queries: StoreQueries, installed: readonly Installed[]) {
  if (installed.length === 0) return new Map<string, never>();
  const rows = await queries
    .selectFrom('plugins')
    .select(['number', 'id', 'deprecated_at', 'deprecated_reason', 'deprecated_successor'])
    .where('id_key', 'in', [...new Set(installed.map(({ id }) => id.toLowerCase()))])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** By plugin: what is offered for the platform. */
async function offersFor(queries: StoreQueries, plugins: readonly number[], platform: string, at: Date) {
  if (plugins.length === 0) return new Map<number, never>();
  const rows = await queries
    .selectFrom('offers')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('organizations', 'organizations.identity', 'packages.publisher')
    .where('offers.plugin_number', 'in', plugins)
    .where('offers.platform', 'in', [platform, everyPlatform])
    .where('offers.expires_at', '>', at.getTime())
    .select([
      'offers.plugin_number',
      'offers.platform',
      'packages.version',
      'packages.revision',
      'packages.content_sha256',
      'packages.sha256',
      'packages.size',
      'packages.published_at',
      'packages.publisher',
      'packages.publisher_name',
      'organizations.kind as publisher_kind',
      'releases.version_key',
      'releases.changelog',
    ])
    .$narrowType<{ published_at: number }>()
    .execute();
  // What is offered for the platform by its name counts before what is for all others.
  rows.sort(
    (one, other) => Number(one.platform !== everyPlatform) - Number(other.platform !== everyPlatform),
  );
  return new Map(rows.map((row) => [row.plugin_number, row]));
}

type Offer = Awaited<ReturnType<typeof offersFor>> extends Map<number, infer Row> ? Row : never;

interface InstalledPackage {
  readonly plugin_number: number;
  readonly sha256: string;
  readonly content_sha256: string;
  readonly revision: number;
  readonly platforms: string;
  readonly revoked_at: number | null;
  readonly revoked_reason: string | null;
  readonly version_key: string;
  readonly yanked_at: number | null;
  readonly yanked_reason: string | null;
}

/** By plugin and version: every package of the versions installed that was published once, whatever became of it. */
async function installedPackages(
  queries: StoreQueries,
  known: ReadonlyMap<string, { readonly number: number }>,
  installed: readonly Installed[],
): Promise<Map<string, InstalledPackage[]>> {
  const asked = new Map<string, RawBuilder<unknown>>();
  for (const { id, version } of installed) {
    const plugin = known.get(id)?.number;
    if (plugin === undefined || !isVersion(version)) continue;
    const key = versionKey(version);
    asked.set(`${plugin} ${key}`, sql`(cast(${plugin} as bigint), cast(${key} as text))`);
  }
  const found = new Map<string, InstalledPackage[]>();
  if (asked.size === 0) return found;
  // SQLite takes `cross join` for the order in which to look: what is asked for first.
  const { rows } = await sql<InstalledPackage>`
    with asked (plugin_number, version_key) as (values ${sql.join([...asked.values()])})
    select packages.plugin_number, packages.sha256, packages.content_sha256, packages.revision, packages.platforms,
      packages.revoked_at, packages.revoked_reason, releases.version_key, releases.yanked_at, releases.yanked_reason
    from asked cross join releases cross join packages
    where releases.plugin_number = asked.plugin_number and releases.version_key = asked.version_key
      and packages.release_number = releases.number and packages.published_at is not null`.execute(queries);
  for (const row of rows) {
    const key = `${row.plugin_number} ${row.version_key}`;
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return found;
}

/** Whether a package may be the one installed: the very one where its digest is told, else any of its version for the platform. */
function isOf(row: InstalledPackage, { sha256 }: Installed, platform: string): boolean {
  if (sha256 !== undefined) return row.sha256 === sha256;
  const platforms = JSON.parse(row.platforms) as string[];
  return platforms.includes(platform) || platforms.includes(everyPlatform);
}

function updateOf(
  { version, sha256 }: Installed,
  offer: Offer | undefined,
  its: readonly InstalledPackage[],
): Pick<UpdateNotice, 'update'> {
  if (offer === undefined) return {};
  const isHigher = !isVersion(version) || offer.version_key > versionKey(version);
  const [same] = its;
  const isRevision =
    sha256 !== undefined &&
    same !== undefined &&
    same.version_key === offer.version_key &&
    same.content_sha256 === offer.content_sha256 &&
    offer.revision > same.revision;
  if (!isHigher && !isRevision) return {};
  return {
    update: {
      version: offer.version,
      sha256: offer.sha256,
      size: offer.size,
      publishedAt: new Date(offer.published_at).toISOString(),
      publisher: publisherOf(offer),
      ...(offer.changelog === null ? {} : { changelog: offer.changelog }),
      isRevision: !isHigher,
    },
  };
}

/** Where it is not known which package it was, all of them must have been revoked. */
function revocationOf(
  { sha256 }: Installed,
  its: readonly InstalledPackage[],
): Pick<UpdateNotice, 'revoked'> {
  const revoked = its.filter((row) => row.revoked_at !== null);
  const [first] = revoked;
  if (first?.revoked_at == null || (sha256 === undefined && revoked.length < its.length)) return {};
  return {
    revoked: { reason: first.revoked_reason ?? '', at: new Date(first.revoked_at).toISOString() },
  };
}
