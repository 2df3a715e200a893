import type { UpdateEntry } from '@jami-plugin-store/contract';
import type { StoreNotice } from './store-notice.js';
import type { Found } from './update-journal.js';

/** What is kept of what a store said. */
export function foundOf(
  store: string,
  notice: StoreNotice,
  installed: string,
  before: Found | undefined,
): Found {
  const { update, revision, yanked, revoked, deprecated, isOffered } = notice;
  const failedWith = before?.update?.version === update?.version ? before?.update?.failedWith : undefined;
  return {
    store,
    installed,
    isOffered,
    ...(update === undefined
      ? {}
      : {
          update: {
            version: update.version,
            ...(update.publishedAt === undefined ? {} : { publishedAt: update.publishedAt }),
            ...(failedWith === undefined ? {} : { failedWith }),
          },
        }),
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
