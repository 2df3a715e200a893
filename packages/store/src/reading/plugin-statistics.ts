import type { PluginStatistics } from '@jami-plugin-store/contract';
import type { StoreQueries } from '../database/database.js';
import { findPlugin, pluginNotFound } from './plugin-facts.js';

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Downloads of the last `days` days, today's among them.
 * @throws {StoreError} PLUGIN_NOT_FOUND where nothing was ever published under the id
 */
export async function pluginStatistics(
  queries: StoreQueries,
  id: string,
  days: number,
  at: Date,
): Promise<PluginStatistics> {
  const { number, downloads } = await findPlugin(queries, id);
  const published = await queries
    .selectFrom('releases')
    .select('number')
    .where('plugin_number', '=', number)
    .where('published_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (published === undefined) throw pluginNotFound(id);
  const today = Math.floor(at.getTime() / dayMs);
  const rows = await queries
    .selectFrom('downloads')
    .select(({ fn }) => ['day', fn.sum<number>('count').as('downloads')])
    .where('plugin_number', '=', number)
    .where('day', '>', today - days)
    .groupBy('day')
    .orderBy('day')
    .execute();
  return {
    id,
    total: downloads,
    days: rows
      .filter((row) => row.downloads > 0)
      .map((row) => ({
        day: new Date(row.day * dayMs).toISOString().slice(0, 10),
        downloads: row.downloads,
      })),
  };
}
