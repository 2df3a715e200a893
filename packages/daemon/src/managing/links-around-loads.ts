import type { LinkSwitch } from '../installed/link-switch.js';
import type { PreferencesStore } from '../preferences/plugin-preferences.js';
import type { PluginManagement } from './plugin-management.js';

/**
 * A link switch under which no library is loaded while its version is exchanged: whatever makes another version the active one
 * unloads first and loads again after, and whatever takes a plugin away ends and forgets it.
 */
export function linksAroundLoads(
  links: LinkSwitch,
  management: Pick<PluginManagement, 'whileUnloaded' | 'whileRemoved'>,
  preferences: Pick<PreferencesStore, 'gather'>,
): LinkSwitch {
  return {
    active: (id) => links.active(id),
    recover: (id) => links.recover(id),
    activate: (id, tree) =>
      management.whileUnloaded(id, async () => {
        await preferences.gather(id);
        await links.activate(id, tree);
      }),
    deactivate: (id) => management.whileRemoved(id, () => links.deactivate(id)),
  };
}
