import type { InstalledPlugin, PluginFailure } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { StoreApi, StoreRequest } from '../store/store-api.js';
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

const parallel = 4;

/** A disabled plugin is healed by a newer version, too. */
const isKept = (state: InstalledPlugin['state']): boolean => state === 'installed' || state === 'disabled';

/**
 * Asks which version the store offers of each installed plugin: one request of a store of ours, `/versions/:id` for each plugin
 * of a plain Jami store. The plugins' machines learn it and decide; plugins of other stores are left out.
 */
export async function checkForUpdates(
  store: StoreApi,
  registry: PluginRegistry,
  request: StoreRequest,
): Promise<UpdateCheck> {
  const rows = registry.rows().filter(({ id, state }) => isKept(state) && registry.isOfThisStore(id));
  const failures: UpdateCheck['failures'] = [];
  const failed = (id: string, error: unknown): void => {
    if (!(error instanceof ClientError)) throw error;
    failures.push({ id, failure: pluginFailure(error) });
  };
  try {
    if (await store.hasV1(request)) await askAtOnce(store, registry, rows, request);
    else await askEach(store, registry, rows, request, failed);
  } catch (error) {
    for (const { id } of rows) failed(id, error);
  }
  return { updates: rows.flatMap((row) => updateOf(row, registry, store.url.href)), failures };
}

async function askAtOnce(
  store: StoreApi,
  registry: PluginRegistry,
  rows: readonly InstalledPlugin[],
  request: StoreRequest,
): Promise<void> {
  if (rows.length === 0) return;
  const { plugins } = await store.listing(request);
  const versions = new Map(plugins.map(({ id, version }) => [id, version]));
  for (const { id } of rows) note(registry, id, versions.get(id));
}

async function askEach(
  store: StoreApi,
  registry: PluginRegistry,
  rows: readonly InstalledPlugin[],
  request: StoreRequest,
  failed: (id: string, error: unknown) => void,
): Promise<void> {
  const waiting = rows.map(({ id }) => id);
  const ask = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        const [newest] = await store.versions(id, request);
        note(registry, id, newest?.version);
      } catch (error) {
        // Not offered here (any more) is an answer.
        if (error instanceof ClientError && error.code === 'NOT_FOUND') note(registry, id, undefined);
        else failed(id, error);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, ask));
}

function note(registry: PluginRegistry, id: string, version: string | undefined): void {
  if (registry.offered(id)?.version === version) return;
  registry.noteOffer(id, version === undefined ? undefined : { version });
}

function updateOf(row: InstalledPlugin, registry: PluginRegistry, storeUrl: string): AvailableUpdate[] {
  const snapshot = registry.snapshot(row.id);
  const { installed, offered } = snapshot ?? {};
  if (snapshot?.actions.includes('update') !== true || installed === undefined || offered === undefined)
    return [];
  const isFromThisStore = row.store === storeUrl;
  return [{ id: row.id, installed: installed.version, offered: offered.version, isFromThisStore }];
}
