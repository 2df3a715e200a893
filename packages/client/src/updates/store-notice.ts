import type {
  CatalogPublisher,
  InstalledPlugin,
  OfferedRelease,
  UpdateNotice,
} from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { ClientError } from '../error.js';
import { instantOf } from '../store/catalog-item.js';
import { isUnknownQuestion, type StoreApi, type StoreRequest } from '../store/store-api.js';

/** What a store has to say of one plugin that was installed from it, whatever kind of store it is. */
export interface StoreNotice {
  id: string;
  /** A higher version than the installed one. */
  update?:
    | (OfferedRelease & { publishedAt?: string | undefined; publisher?: CatalogPublisher | undefined })
    | undefined;
  /** A higher one, too, that is older than `update`. */
  ripe?: { version: string; publishedAt: string } | undefined;
  /** The installed version under a renewed certificate. */
  revision?: { sha256: string; publishedAt: string } | undefined;
  yanked?: { reason: string; at: string } | undefined;
  revoked?: { reason: string; at: string } | undefined;
  deprecated?: { reason: string; successor?: string | undefined } | undefined;
  /** False: not offered for this platform any more. */
  isOffered: boolean;
}

export interface StoreAnswer {
  /** One for each plugin the store could be asked about. */
  notices: StoreNotice[];
  failures: { id: string; error: ClientError }[];
}

const parallel = 4;
const maxAtOnce = 1_000;

/**
 * Asks a store about everything that was installed from it: one question to a documented store, `/versions/:id` for each plugin to a
 * plain Jami store (and to a documented one that is older than that question).
 * @throws {ClientError} a network code, where the store as a whole does not answer
 */
export async function askForNotices(
  store: StoreApi,
  rows: readonly InstalledPlugin[],
  request: StoreRequest,
): Promise<StoreAnswer> {
  if (rows.length === 0) return { notices: [], failures: [] };
  if (await store.hasV1(request)) {
    try {
      return await askAtOnce(store, rows, request);
    } catch (error) {
      if (!isUnknownQuestion(error)) throw error;
    }
  }
  return await askEach(store, rows, request);
}

async function askAtOnce(
  store: StoreApi,
  rows: readonly InstalledPlugin[],
  request: StoreRequest,
): Promise<StoreAnswer> {
  const notices = new Map<string, UpdateNotice>();
  for (let at = 0; at < rows.length; at += maxAtOnce) {
    const plugins = rows.slice(at, at + maxAtOnce).map(({ id, version, sha256 }) => ({
      id,
      version: version ?? '',
      ...(sha256 === undefined ? {} : { sha256 }),
    }));
    const answer = await store.updates({ platform: store.platform, plugins }, request);
    for (const notice of answer.notices) notices.set(notice.id, notice);
  }
  return { notices: rows.map((row) => ofDocumented(row, notices.get(row.id))), failures: [] };
}

/** Of those the store leaves out there is nothing to say. What is no news to the installed version is left out here. */
function ofDocumented({ id, version }: InstalledPlugin, notice: UpdateNotice | undefined): StoreNotice {
  if (notice === undefined) return { id, isOffered: true };
  const { update, yanked, revoked, deprecated, isOffered } = notice;
  const told = {
    id,
    isOffered,
    ...(yanked === undefined ? {} : { yanked }),
    ...(revoked === undefined ? {} : { revoked }),
    ...(deprecated === undefined ? {} : { deprecated }),
  };
  if (update === undefined) return told;
  const { sha256, publishedAt } = update;
  if (update.isRevision) return { ...told, revision: { sha256, publishedAt } };
  if (!isHigher(update.version, version)) return told;
  const { size, publisher } = update;
  return { ...told, update: { version: update.version, sha256, size, publishedAt, publisher } };
}

async function askEach(
  store: StoreApi,
  rows: readonly InstalledPlugin[],
  request: StoreRequest,
): Promise<StoreAnswer> {
  const answer: StoreAnswer = { notices: [], failures: [] };
  const waiting = [...rows];
  const ask = async (): Promise<void> => {
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      const { id } = row;
      try {
        const [newest] = await store.versions(id, request);
        const isNews = newest !== undefined && isHigher(newest.version, row.version);
        const publishedAt = newest && instantOf(newest.timestamp);
        answer.notices.push({
          id,
          isOffered: true,
          ...(isNews ? { update: { version: newest.version, publishedAt } } : {}),
        });
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        // Not offered here (any more) is an answer.
        if (error.code === 'NOT_FOUND') answer.notices.push({ id, isOffered: false });
        else answer.failures.push({ id, error });
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, ask));
  return answer;
}

function isHigher(version: string, than: string | null): boolean {
  return than !== null && isVersion(version) && isVersion(than) && compareVersions(version, than) > 0;
}
