import type { InstalledPlugin } from '@jami-plugin-store/contract';
import type { PluginRegistry } from '../plugin/plugin-registry.js';
import type { StoreNotice } from './store-notice.js';

/** A disabled plugin is healed by a newer version, too. */
export function takesUpdates({ state, version }: InstalledPlugin): boolean {
  return (state === 'installed' || state === 'disabled') && version !== null;
}

/** Tells the plugins' machines what the store offers; they decide what that means. */
export function noteNotices(registry: PluginRegistry, notices: readonly StoreNotice[]): void {
  for (const { id, update, isOffered } of notices) {
    const installed = registry.row(id)?.version;
    const known = registry.offered(id)?.version;
    if (update !== undefined) {
      const { version, sha256, size } = update;
      if (known === version) continue;
      registry.noteOffer(id, {
        version,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(size === undefined ? {} : { size }),
      });
    } else if (!isOffered || known !== installed) {
      // Nothing newer any more: what was known of the installed version itself stays.
      registry.noteOffer(id, undefined);
    }
  }
}
