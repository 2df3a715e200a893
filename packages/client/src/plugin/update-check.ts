import type { InstalledPlugin, PluginFailure } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { StoreApi, StoreRequest } from '../store/store-api.js';
import { noteNotices, takesUpdates } from '../updates/note-notices.js';
import { askForNotices } from '../updates/store-notice.js';
import { pluginFailure } from './plugin-failure.js';
import type { PluginRegistry } from './plugin-registry.js';

export interface AvailableUpdate {
  id: string;
  installed: string;
  offered: string;
  /** It was installed from this store, so it may be updated without asking (docs/trust.md, "What an update may be"). */
  isFromThisStore: boolean;
}

export interface UpdateCheck {
  updates: AvailableUpdate[];
  /** Plugins this store could not be asked about, and why. */
  failures: { id: string; failure: PluginFailure }[];
}

/** Asks which version the store offers of each plugin that it may update. The plugins' machines learn it and decide. */
export async function checkForUpdates(
  store: StoreApi,
  registry: PluginRegistry,
  request: StoreRequest,
): Promise<UpdateCheck> {
  const rows = registry.rows().filter((row) => takesUpdates(row) && registry.isOfThisStore(row.id));
  const updates = () => rows.flatMap((row) => updateOf(row, registry, store.url.href));
  try {
    const { notices, failures } = await askForNotices(store, rows, request);
    noteNotices(registry, notices);
    const failed = failures.map(({ id, error }) => ({ id, failure: pluginFailure(error) }));
    return { updates: updates(), failures: failed };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { updates: updates(), failures: rows.map(({ id }) => ({ id, failure: pluginFailure(error) })) };
  }
}

function updateOf(row: InstalledPlugin, registry: PluginRegistry, storeUrl: string): AvailableUpdate[] {
  const snapshot = registry.snapshot(row.id);
  const { installed, offered } = snapshot ?? {};
  if (snapshot?.actions.includes('update') !== true || installed === undefined || offered === undefined)
    return [];
  const isFromThisStore = row.store === storeUrl;
  return [{ id: row.id, installed: installed.version, offered: offered.version, isFromThisStore }];
}
