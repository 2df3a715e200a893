import { compareVersions, platforms as everyPlatform } from '@jami-plugin-store/jpl';
import { samePublisher } from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';
import type { IdOwner } from './id-owner.js';
import type { ReleaseRecord } from './release-record.js';

/** A published package as served, made once out of its record. */
export interface Release {
  readonly record: ReleaseRecord;
  /** Platforms it is offered for; all of them where the package has no library. */
  readonly platforms: ReadonlySet<string>;
  readonly expiresAtMs: number;
  readonly languages: readonly string[];
}

export interface CatalogSurvey {
  readonly languages: readonly string[];
  readonly platforms: ReadonlySet<string>;
  /** Milliseconds; Infinity where nothing expires. */
  readonly nextExpiry: number;
}

/** Releases of one plugin, newest first. */
interface CatalogPlugin {
  readonly id: string;
  releases: readonly Release[];
}

/**
 * What the store offers, in memory. Requests are answered by looking names up here; no name from a request ever
 * becomes a path. Adding and removing touch one plugin only.
 */
export class Catalog {
  /** Lower-cased id -> plugin: ids are unique ignoring case. */
  readonly #plugins = new Map<string, CatalogPlugin>();
  readonly #packages = new Map<string, Release>();
  /** Lower-cased id -> whose it is, its packages gone or not. */
  readonly #owners = new Map<string, IdOwner>();
  #generation = 0;

  /** Changes whenever what is offered may have changed. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Adds a release.
   * @throws {StoreError} PACKAGE_DUPLICATE | PLUGIN_ID_TAKEN | VERSION_TAKEN
   */
  add(record: ReleaseRecord): Release {
    this.assertAdmits(record);
    const release = releaseOf(record);
    const key = record.id.toLowerCase();
    if (!this.#owners.has(key)) this.setOwner(ownerBy(record));
    const plugin = this.#plugins.get(key) ?? { id: record.id, releases: [] };
    plugin.releases = [...plugin.releases, release].sort(newestFirst);
    this.#plugins.set(key, plugin);
    this.#packages.set(record.sha256, release);
    this.#generation += 1;
    return release;
  }

  ownerOf(id: string): IdOwner | undefined {
    return this.#owners.get(id.toLowerCase());
  }

  setOwner(owner: IdOwner): void {
    this.#owners.set(owner.id.toLowerCase(), owner);
  }

  /** Takes a release out; nothing happens where it is not known. */
  remove(sha256: string): void {
    const release = this.#packages.get(sha256);
    if (release === undefined) return;
    this.#packages.delete(sha256);
    const key = release.record.id.toLowerCase();
    const plugin = this.#plugins.get(key);
    if (plugin !== undefined) {
      plugin.releases = plugin.releases.filter((other) => other !== release);
      if (plugin.releases.length === 0) this.#plugins.delete(key);
    }
    this.#generation += 1;
  }

  /** @throws {StoreError} PACKAGE_DUPLICATE | PLUGIN_ID_TAKEN | VERSION_TAKEN */
  assertAdmits(record: ReleaseRecord): void {
    const same = this.#packages.get(record.sha256);
    if (same !== undefined) {
      throw new StoreError(
        'PACKAGE_DUPLICATE',
        `${record.file} has the same bytes as ${same.record.file}, which is already published.`,
        { file: record.file },
      );
    }
    const owner = this.ownerOf(record.id);
    if (owner === undefined) return;
    if (owner.id !== record.id || !samePublisher(owner.publisher, record.publisher)) {
      throw new StoreError(
        'PLUGIN_ID_TAKEN',
        `The id ${owner.id} belongs to ${owner.publisher.name}; ${record.file} was published by ` +
          `${record.publisher.name} as ${record.id}.`,
        { file: record.file },
      );
    }
    const incoming = releaseOf(record);
    for (const release of this.#plugins.get(record.id.toLowerCase())?.releases ?? []) {
      if (compareVersions(release.record.version, record.version) !== 0) continue;
      if (isDisjoint(release.platforms, incoming.platforms)) continue;
      throw new StoreError(
        'VERSION_TAKEN',
        `Version ${record.version} of ${record.id} is already published as ${release.record.file}.`,
        { file: record.file },
      );
    }
  }

  /** The newest release of each plugin for one platform, oldest publication first (Jami sorts ascending). */
  offered(platform: string, at: number): Release[] {
    const found: Release[] = [];
    for (const plugin of this.#plugins.values()) {
      const newest = plugin.releases.find((release) => isOffered(release, platform, at));
      if (newest !== undefined) found.push(newest);
    }
    return found.sort(earliestFirst);
  }

  /** Languages and platforms of all releases not expired, and the instant at which the next one expires. */
  survey(at: number): CatalogSurvey {
    const languages = new Set<string>();
    const platforms = new Set<string>();
    let nextExpiry = Number.POSITIVE_INFINITY;
    for (const release of this.#packages.values()) {
      if (release.expiresAtMs <= at) continue;
      for (const language of release.languages) languages.add(language);
      for (const platform of release.platforms) platforms.add(platform);
      nextExpiry = Math.min(nextExpiry, release.expiresAtMs);
    }
    return { languages: [...languages].sort(), platforms, nextExpiry };
  }

  /**
   * Every release of a plugin offered for a platform, newest first.
   * @throws {StoreError} PLUGIN_NOT_FOUND | PLATFORM_NOT_OFFERED
   */
  versions(id: string, platform: string, at: number): readonly [Release, ...Release[]] {
    const releases = this.releases(id, at);
    const [newest, ...older] = releases.filter((release) => isOffered(release, platform, at));
    if (newest === undefined) {
      throw new StoreError('PLATFORM_NOT_OFFERED', `${id} is not offered for the platform ${platform}.`);
    }
    return [newest, ...older];
  }

  /**
   * Every release of a plugin that has not expired, newest first, for any platform.
   * @throws {StoreError} PLUGIN_NOT_FOUND
   */
  releases(id: string, at: number): readonly [Release, ...Release[]] {
    const plugin = this.#plugins.get(id.toLowerCase());
    const releases = plugin?.id === id ? plugin.releases : [];
    const [newest, ...older] = releases.filter((release) => release.expiresAtMs > at);
    if (newest === undefined) throw new StoreError('PLUGIN_NOT_FOUND', `This store has no plugin ${id}.`);
    return [newest, ...older];
  }

  /** A package by its digest, expired or not. */
  package(sha256: string): Release | undefined {
    return this.#packages.get(sha256);
  }

  /** Plugins with at least one release offered for some platform. */
  count(at: number): number {
    let count = 0;
    for (const plugin of this.#plugins.values()) {
      if (plugin.releases.some((release) => release.expiresAtMs > at)) count += 1;
    }
    return count;
  }

  /** Every release, in no order. */
  all(): Iterable<Release> {
    return this.#packages.values();
  }
}

/** The owner an id has once this release, its first, is published. */
export function ownerBy({ id, publisher, timestamp }: ReleaseRecord): IdOwner {
  return { format: 1, id, publisher, since: timestamp };
}

function releaseOf(record: ReleaseRecord): Release {
  return {
    record,
    platforms: new Set(record.platforms === 'any' ? everyPlatform : record.platforms),
    expiresAtMs: Date.parse(record.expiresAt),
    languages: Object.keys(record.texts),
  };
}

function isOffered(release: Release, platform: string, at: number): boolean {
  return release.expiresAtMs > at && release.platforms.has(platform);
}

function newestFirst(a: Release, b: Release): number {
  const byVersion = compareVersions(b.record.version, a.record.version);
  if (byVersion !== 0) return byVersion;
  return -earliestFirst(a, b);
}

function earliestFirst(a: Release, b: Release): number {
  const [x, y] = [a.record, b.record];
  if (x.timestamp !== y.timestamp) return x.timestamp < y.timestamp ? -1 : 1;
  return x.sha256 < y.sha256 ? -1 : 1;
}

function isDisjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const item of a) if (b.has(item)) return false;
  return true;
}
