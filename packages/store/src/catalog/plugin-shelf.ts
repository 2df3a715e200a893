import { compareVersions, platforms as namedPlatforms } from '@jami-plugin-store/jpl';
import type { StoreQueries } from '../database/database.js';
import { StoreError } from '../error.js';
import type { PackageImage } from './package-facts.js';
import { everyPlatform } from './refresh-plugin.js';
import { isServable } from './servable.js';

/** A published package as it is served; nothing about it is in doubt, and it may be yanked or expired. */
export interface ShelvedPackage {
  readonly number: number;
  readonly release: number;
  readonly sha256: string;
  /** bytes */
  readonly size: number;
  readonly version: string;
  /** `*` = each platform Jami has a name for. */
  readonly platforms: readonly string[];
  readonly publisher: { readonly name: string; readonly organization?: string };
  readonly languages: readonly string[];
  readonly icon: PackageImage | null;
  readonly background: PackageImage | null;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  readonly expiresAt: number;
  readonly isYanked: boolean;
}

/** What may be served of one plugin. */
export interface PluginShelf {
  readonly number: number;
  readonly id: string;
  /** Newest first: by version, then revision, then publication. */
  readonly packages: readonly ShelvedPackage[];
}

/** Packages of one plugin that are looked at; what is older still is served by digest only. */
const maxPackages = 2_000;

/** @returns undefined where no package of an id is published */
export async function readShelf(queries: StoreQueries, id: string): Promise<PluginShelf | undefined> {
  const rows = await selectServable(queries)
    .where('plugins.id_key', '=', id.toLowerCase())
    .where('plugins.id', '=', id)
    .orderBy('releases.version_key', 'desc')
    .orderBy('packages.revision', 'desc')
    .orderBy('packages.published_at', 'desc')
    .orderBy('packages.number', 'desc')
    .limit(maxPackages)
    .execute();
  const [first] = rows;
  return first === undefined ? undefined : { number: first.plugin, id, packages: rows.map(shelvedOf) };
}

/** One package by its digest, and whose it is. @returns undefined where none of that digest may be served */
export async function readServable(
  queries: StoreQueries,
  sha256: string,
): Promise<{ plugin: number; id: string; found: ShelvedPackage } | undefined> {
  const row = await selectServable(queries).where('packages.sha256', '=', sha256).executeTakeFirst();
  return row === undefined ? undefined : { plugin: row.plugin, id: row.id, found: shelvedOf(row) };
}

function selectServable(queries: StoreQueries) {
  return queries
    .selectFrom('plugins')
    .innerJoin('packages', 'packages.plugin_number', 'plugins.number')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('organizations', 'organizations.identity', 'packages.publisher')
    .select([
      'plugins.number as plugin',
      'plugins.id',
      'packages.number',
      'packages.release_number',
      'packages.sha256',
      'packages.size',
      'packages.version',
      'packages.platforms',
      'packages.publisher',
      'packages.publisher_name',
      'organizations.kind',
      'packages.languages',
      'packages.icon',
      'packages.background',
      'packages.published_at',
      'packages.expires_at',
      'releases.yanked_at',
    ])
    .where(isServable());
}

type ServableRow = Awaited<ReturnType<ReturnType<typeof selectServable>['executeTakeFirstOrThrow']>>;

function shelvedOf(row: ServableRow): ShelvedPackage {
  const { publisher, publisher_name: name, kind } = row;
  return {
    number: row.number,
    release: row.release_number,
    sha256: row.sha256,
    size: row.size,
    version: row.version,
    platforms: JSON.parse(row.platforms),
    publisher: kind === 'organization' ? { name, organization: publisher } : { name },
    languages: JSON.parse(row.languages),
    icon: row.icon === null ? null : JSON.parse(row.icon),
    background: row.background === null ? null : JSON.parse(row.background),
    publishedAt: row.published_at ?? 0,
    expiresAt: row.expires_at,
    isYanked: row.yanked_at !== null,
  };
}

/** True where a package with these platforms runs on the one named. */
function runsOn(platforms: readonly string[], platform: string): boolean {
  return platforms.includes(platform) || (platforms.includes(everyPlatform) && isNamedPlatform(platform));
}

/** True for a platform that Jami has a name for. */
export function isNamedPlatform(platform: string): boolean {
  return (namedPlatforms as readonly string[]).includes(platform);
}

type AtLeastOne = readonly [ShelvedPackage, ...ShelvedPackage[]];

/**
 * The packages of a plugin that are offered for a platform at an instant, newest first; of each version the newest revision.
 * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
 */
export function offeredFor(shelf: PluginShelf, platform: string, at: number): AtLeastOne {
  const seen = new Set<number>();
  const [newest, ...older] = offeredAnywhere(shelf, at).filter(({ platforms, release }) => {
    const isShown = runsOn(platforms, platform) && !seen.has(release);
    if (isShown) seen.add(release);
    return isShown;
  });
  if (newest !== undefined) return [newest, ...older];
  throw new StoreError('PLATFORM_NOT_OFFERED', `${shelf.id} is not offered for the platform ${platform}.`);
}

/**
 * The package of exactly one version for a platform, yanked or expired or not: for those who have it.
 * @throws {StoreError} RELEASE_NOT_FOUND | PLATFORM_NOT_OFFERED
 */
export function releaseFor({ id, packages }: PluginShelf, platform: string, version: string): ShelvedPackage {
  const ofVersion = packages.filter((shelved) => compareVersions(shelved.version, version) === 0);
  const found = ofVersion.find(({ platforms }) => runsOn(platforms, platform));
  if (found !== undefined) return found;
  if (ofVersion.length === 0)
    throw new StoreError('RELEASE_NOT_FOUND', `This store has no version ${version} of ${id}.`);
  throw new StoreError('PLATFORM_NOT_OFFERED', `${id} ${version} is not for the platform ${platform}.`);
}

/** Those offered for any platform. @throws {StoreError} PLUGIN_NOT_FOUND */
function offeredAnywhere(shelf: PluginShelf, at: number): AtLeastOne {
  const [newest, ...older] = shelf.packages.filter(({ isYanked, expiresAt }) => !isYanked && expiresAt > at);
  if (newest === undefined) throw pluginNotFound(shelf.id);
  return [newest, ...older];
}

export function pluginNotFound(id: string): StoreError {
  return new StoreError('PLUGIN_NOT_FOUND', `This store has no plugin ${id}.`);
}
