import type { UpdateEntry } from '@jami-plugin-store/contract';
import type { StoreNotice } from './store-notice.js';
import type { Found, FoundUpdate } from './update-journal.js';

/** What is kept of what a store said. */
export function foundOf(
  store: string,
  notice: StoreNotice,
  installed: string,
  before: Found | undefined,
): Found {
  const { update, ripe, revision, yanked, revoked, deprecated, isOffered } = notice;
  return {
    store,
    installed,
    isOffered,
    ...(update === undefined ? {} : { update: releaseOf(update, before) }),
    ...(ripe === undefined ? {} : { ripe: releaseOf(ripe, before) }),
    ...(revision === undefined ? {} : { revision }),
    ...(yanked === undefined ? {} : { yanked }),
    ...(revoked === undefined ? {} : { revoked }),
    ...(deprecated === undefined
      ? {}
      : {
          deprecated: {
            reason: deprecated.reason,
            ...(deprecated.successor === undefined ? {} : { successor: deprecated.successor }),
          },
        }),
  };
}

/** Why a version was not installed is known as long as it is offered. */
function releaseOf(
  { version, publishedAt }: { version: string; publishedAt?: string | undefined },
  before: Found | undefined,
): FoundUpdate {
  const known = [before?.update, before?.ripe].find((one) => one?.version === version);
  return {
    version,
    ...(publishedAt === undefined ? {} : { publishedAt }),
    ...(known?.failedWith === undefined ? {} : { failedWith: known.failedWith }),
  };
}

/** A version could not be installed. */
export function failedFound({ update, ripe, ...found }: Found, version: string, code: string): Found {
  const noted = (one: FoundUpdate): FoundUpdate =>
    one.version === version ? { ...one, failedWith: code } : one;
  return {
    ...found,
    ...(update === undefined ? {} : { update: noted(update) }),
    ...(ripe === undefined ? {} : { ripe: noted(ripe) }),
  };
}

/** What was not known before. */
export function entriesOf(
  store: string,
  notice: StoreNotice,
  installed: string,
  before: Found | undefined,
  at: string,
): UpdateEntry[] {
  const { id, update, yanked, revoked, deprecated, isOffered } = notice;
  const about = { at, store, plugin: id, from: installed };
  const entries: UpdateEntry[] = [];
  if (update !== undefined && before?.update?.version !== update.version)
    entries.push({ ...about, what: 'found', to: update.version });
  for (const [what, told] of [
    ['yanked', yanked],
    ['revoked', revoked],
    ['deprecated', deprecated],
  ] as const) {
    if (told !== undefined && before?.[what] === undefined)
      entries.push({ ...about, what, message: told.reason });
  }
  if (!isOffered && before?.isOffered !== false) entries.push({ ...about, what: 'gone' });
  return entries;
}
