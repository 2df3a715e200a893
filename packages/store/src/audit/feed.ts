import type { Feed, FeedEntry } from '@jami-plugin-store/contract';
import type { StoreQueries } from '../database/database.js';

export interface FeedQuestion {
  /** Entries after this number of the audit log; without it, the newest ones. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** The public part of the audit log, oldest first. `hasMore`: there are entries after the last one of these. */
export async function readFeed(queries: StoreQueries, { after, limit }: FeedQuestion): Promise<Feed> {
  const isNewest = after === undefined;
  const rows = await queries
    .selectFrom('audit_records')
    .select(['sequence', 'at', 'action', 'plugin_id', 'version', 'publisher', 'reason', 'hash'])
    .where('is_public', '=', 1)
    .where('sequence', '>', after ?? 0)
    .orderBy('sequence', isNewest ? 'desc' : 'asc')
    .limit(limit + 1)
    .execute();
  const shown = rows.slice(0, limit);
  if (isNewest) shown.reverse();
  const entries = shown.map(
    (row): FeedEntry => ({
      sequence: row.sequence,
      at: new Date(row.at).toISOString(),
      action: row.action as FeedEntry['action'],
      ...(row.plugin_id === null ? {} : { plugin: row.plugin_id }),
      ...(row.version === null ? {} : { version: row.version }),
      ...(row.publisher === null ? {} : { publisher: row.publisher }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      hash: row.hash,
    }),
  );
  return { entries, hasMore: !isNewest && rows.length > limit };
}
