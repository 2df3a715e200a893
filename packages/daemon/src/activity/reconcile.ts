import type { ActivityEntry } from '@jami-plugin-store/contract';
import { findPlugin, type InstalledPlace } from '../installed/find-plugin.js';
import type { ActivityLog } from './activity-log.js';

/** Actions after which `to` is what is installed. */
const changing: ReadonlySet<ActivityEntry['action']> = new Set([
  'install',
  'update',
  'rollback',
  'adopt',
  'uninstall',
  'recover',
]);

/**
 * Writes down what was done but not written when the daemon was killed, or changed while none ran: the log's last word about each plugin
 * against what stands there. Runs at the start, after recovery.
 * @param ids of all plugins that are there
 */
export async function reconcile(
  place: InstalledPlace,
  activity: ActivityLog,
  ids: readonly string[],
): Promise<void> {
  const lastWord = new Map<string, string | null>();
  for (const { plugin, action, to } of activity.newest(Number.POSITIVE_INFINITY)) {
    if (plugin !== null && changing.has(action)) lastWord.set(plugin, to);
  }
  for (const id of new Set([...ids, ...lastWord.keys()])) {
    const from = lastWord.get(id) ?? null;
    const found = await findPlugin(place, id);
    // Of a damaged plugin nothing is known, and what is unmanaged is not the daemon's.
    if (found !== undefined && found.record === undefined) continue;
    const to = found?.record?.version ?? null;
    if (from === to) continue;
    await activity.append({
      action: 'recover',
      plugin: id,
      from,
      to,
      publisher: found?.record?.publisher.name ?? null,
      code: null,
      message:
        to === null
          ? `${id} ${from} was installed when this was last written; it is no longer there.`
          : `${id} ${to} was found installed; the daemon was stopped before it could write down how it came.`,
      by: 'start',
    });
  }
}
