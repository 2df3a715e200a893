import {
  CatalogPage,
  CatalogPlugin,
  CategoryList,
  type OfferedRelease,
  StorePluginFacts,
  type StoreRelease,
  UpdateAnswer,
  UpdateNotice,
} from '@jami-plugin-store/contract';
import { compareVersions, isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';

/** The envelopes; what is in them is looked at one by one, so that one bad entry does not close the store. */
const PageEnvelope = Type.Object({ plugins: Type.Array(Type.Unknown()), next: CatalogPage.properties.next });
const UpdateEnvelope = Type.Object({ at: UpdateAnswer.properties.at, notices: Type.Array(Type.Unknown()) });

/** @throws {ClientError} ANSWER_MALFORMED */
export function readCatalogPage(value: unknown, at: string): CatalogPage {
  if (!Check(PageEnvelope, value)) throw malformed('no page of plugins', at);
  const plugins = value.plugins.filter(
    (entry) => Check(CatalogPlugin, entry) && isPluginId(entry.id) && isVersion(entry.version),
  ) as CatalogPlugin[];
  return { plugins, ...(value.next === undefined ? {} : { next: value.next }) };
}

/** @throws {ClientError} ANSWER_MALFORMED */
export function readCategories(value: unknown, at: string): CategoryList {
  if (!Check(CategoryList, value)) throw malformed('no list of categories', at);
  return value;
}

/** @throws {ClientError} ANSWER_MALFORMED, also where it is about another plugin */
export function readFacts(value: unknown, id: string, at: string): StorePluginFacts {
  if (!Check(StorePluginFacts, value) || value.id !== id)
    throw malformed(`something else than the facts of ${id}`, at);
  return value;
}

/** @throws {ClientError} ANSWER_MALFORMED */
export function readUpdates(value: unknown, at: string): UpdateAnswer {
  if (!Check(UpdateEnvelope, value)) throw malformed('nothing about updates', at);
  const notices = value.notices.filter(
    (entry) =>
      Check(UpdateNotice, entry) &&
      isPluginId(entry.id) &&
      (entry.update === undefined || isVersion(entry.update.version)),
  ) as UpdateNotice[];
  return { at: value.at, notices };
}

/**
 * The release that is installed for a platform: the offered one, or exactly a version, which may be taken back since.
 * @throws {ClientError} NOT_FOUND | VERSION_NOT_OFFERED | ANSWER_MALFORMED
 */
export function offeredRelease(
  facts: StorePluginFacts,
  platform: string,
  version: string | undefined,
  at: string,
): OfferedRelease & { url: string } {
  const release = version === undefined ? newest(facts, platform, at) : exactly(facts, platform, version);
  const { sha256, size, url } = release;
  return { version: release.version, sha256, size, url };
}

function newest(facts: StorePluginFacts, platform: string, at: string): StoreRelease {
  const sha256 = Object.hasOwn(facts.offered, platform) ? facts.offered[platform] : undefined;
  if (sha256 === undefined)
    throw new ClientError('NOT_FOUND', `The store does not offer ${facts.id} for ${platform}`, { at });
  const release = facts.releases.find((candidate) => candidate.sha256 === sha256);
  if (release === undefined || !isVersion(release.version))
    throw malformed(`a release of ${facts.id} that it does not describe`, at);
  return release;
}

function exactly(facts: StorePluginFacts, platform: string, version: string): StoreRelease {
  const release = facts.releases.find(
    (candidate) =>
      isVersion(candidate.version) &&
      isVersion(version) &&
      compareVersions(candidate.version, version) === 0 &&
      (candidate.platformIndependent || candidate.platforms.includes(platform)),
  );
  if (release !== undefined) return release;
  throw new ClientError('VERSION_NOT_OFFERED', `The store has no ${facts.id} ${version} for ${platform}`);
}

function malformed(what: string, at: string): ClientError {
  return new ClientError('ANSWER_MALFORMED', `The store answered ${what}`, { at });
}
