import {
  type CatalogCertificate,
  type StorePluginFacts,
  type StoreRelease,
  storePaths,
} from '@jami-plugin-store/contract';
import { platforms as everyKnownPlatform } from '@jami-plugin-store/jpl';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import { isServable } from '../catalog/servable.js';
import type { StoreQueries } from '../database/database.js';
import { StoreError } from '../error.js';
import { deprecationOf, imagesOf, platformsOf, publisherOf, textsOf, yankOf } from './package-view.js';

/** Packages told of one plugin, the newest; far more than anybody publishes. */
const maxPackages = 2_000;

export interface FactsAnswer {
  readonly facts: StorePluginFacts;
  readonly languages: readonly string[];
}

/**
 * Everything about one plugin: each package that may still be had, also of versions taken back. What was revoked, is held back or has
 * expired is not told.
 * @throws {StoreError} PLUGIN_NOT_FOUND
 */
export async function pluginFacts(
  queries: StoreQueries,
  id: string,
  acceptLanguage: string | undefined,
  at: Date,
): Promise<FactsAnswer> {
  const plugin = await findPlugin(queries, id);
  const packages = await packagesOf(queries, plugin.number, at);
  const [newest] = packages;
  if (newest === undefined) throw pluginNotFound(id);
  const offers = await offersOf(queries, plugin.number, at);
  const shown = packages.find(({ number }) => number === plugin.newest_package) ?? newest;
  const texts = (await textsOf(queries, [shown], acceptLanguage)).get(shown.number);
  const paths = await pathsOf(queries, plugin.number);
  const facts: StorePluginFacts = {
    id,
    publisher: publisherOf(shown),
    ...(texts === undefined ? {} : { name: texts.name, description: texts.description }),
    languages: JSON.parse(shown.languages) as string[],
    categories: JSON.parse(shown.categories) as string[],
    downloads: plugin.downloads,
    ...imagesOf(shown),
    ...deprecationOf(plugin),
    offered: offeredOf(offers),
    releases: packages.map((row) => releaseOf(row, paths.get(row.number) ?? [])),
  };
  return { facts, languages: texts === undefined ? [] : [texts.language] };
}

export function pluginNotFound(id: string): StoreError {
  return new StoreError('PLUGIN_NOT_FOUND', `This store has no plugin ${id}.`);
}

/** @throws {StoreError} PLUGIN_NOT_FOUND also for another spelling of the id */
export async function findPlugin(queries: StoreQueries, id: string) {
  const found = await queries
    .selectFrom('plugins')
    .select([
      'number',
      'id',
      'downloads',
      'newest_package',
      'deprecated_at',
      'deprecated_reason',
      'deprecated_successor',
    ])
    .where('id_key', '=', id.toLowerCase())
    .executeTakeFirst();
  if (found?.id !== id) throw pluginNotFound(id);
  return found;
}

/** The highest version first, of one version the latest revision. */
function packagesOf(queries: StoreQueries, plugin: number, at: Date) {
  return queries
    .selectFrom('packages')
    .innerJoin('releases', 'releases.number', 'packages.release_number')
    .innerJoin('organizations', 'organizations.identity', 'packages.publisher')
    .where('packages.plugin_number', '=', plugin)
    .where(isServable())
    .where('packages.expires_at', '>', at.getTime())
    .select([
      'packages.number',
      'packages.sha256',
      'packages.version',
      'packages.revision',
      'packages.platforms',
      'packages.size',
      'packages.files',
      'packages.expires_at',
      'packages.published_at',
      'packages.languages',
      'packages.categories',
      'packages.publisher',
      'packages.publisher_name',
      'packages.icon',
      'packages.background',
      'releases.changelog',
      'releases.yanked_at',
      'releases.yanked_reason',
      'organizations.kind as publisher_kind',
    ])
    .orderBy('releases.version_key', 'desc')
    .orderBy('packages.revision', 'desc')
    .orderBy('packages.published_at', 'desc')
    .orderBy('packages.number', 'desc')
    .limit(maxPackages)
    .$narrowType<{ published_at: number }>()
    .execute();
}

type PackageRow = Awaited<ReturnType<typeof packagesOf>>[number];

function releaseOf(row: PackageRow, path: CatalogCertificate[]): StoreRelease {
  const { version, sha256, size, files, revision, changelog } = row;
  return {
    version,
    ...platformsOf(row.platforms),
    sha256,
    size,
    publishedAt: new Date(row.published_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
    url: storePaths.blob(sha256),
    revision,
    files,
    ...(changelog === null ? {} : { changelog }),
    ...yankOf(row),
    ...(path.length === 0 ? {} : { path }),
  };
}

function offersOf(queries: StoreQueries, plugin: number, at: Date) {
  return queries
    .selectFrom('offers')
    .innerJoin('packages', 'packages.number', 'offers.package_number')
    .select(['offers.platform', 'packages.sha256'])
    .where('offers.plugin_number', '=', plugin)
    .where('offers.expires_at', '>', at.getTime())
    .execute();
}

/** Platform -> digest; what is offered for all others stands under each platform that Jami has a name for. */
function offeredOf(offers: Awaited<ReturnType<typeof offersOf>>): Record<string, string> {
  const byPlatform = new Map(offers.map(({ platform, sha256 }) => [platform, sha256]));
  const anywhere = byPlatform.get(everyPlatform);
  byPlatform.delete(everyPlatform);
  if (anywhere !== undefined) {
    for (const platform of everyKnownPlatform)
      if (!byPlatform.has(platform)) byPlatform.set(platform, anywhere);
  }
  return Object.fromEntries([...byPlatform].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** By package: the certificates of its path, the plugin's own first. */
async function pathsOf(queries: StoreQueries, plugin: number): Promise<Map<number, CatalogCertificate[]>> {
  const rows = await queries
    .selectFrom('package_certificates')
    .innerJoin('packages', 'packages.number', 'package_certificates.package_number')
    .innerJoin('certificates', 'certificates.sha256', 'package_certificates.certificate')
    .where('packages.plugin_number', '=', plugin)
    .select([
      'package_certificates.package_number',
      'certificates.name',
      'certificates.subject',
      'certificates.issuer',
      'certificates.serial_number',
      'certificates.sha256',
      'certificates.not_before',
      'certificates.not_after',
    ])
    .orderBy('package_certificates.package_number')
    .orderBy('package_certificates.position')
    .execute();
  const paths = new Map<number, CatalogCertificate[]>();
  for (const { package_number, name, subject, issuer, serial_number, sha256, ...times } of rows) {
    const path = paths.get(package_number) ?? [];
    path.push({
      name,
      subject,
      issuer,
      serialNumber: serial_number,
      sha256,
      notBefore: new Date(times.not_before).toISOString(),
      notAfter: new Date(times.not_after).toISOString(),
    });
    paths.set(package_number, path);
  }
  return paths;
}
