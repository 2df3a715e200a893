import {
  type InstalledPlugin,
  type InstalledView,
  noStore,
  type PageAction,
  type PluginSnapshot,
  type PluginView,
  pageRoutes,
  resultCodeOf,
  type Seal,
} from '@jami-plugin-store/contract';
import type { Client } from '../client.js';
import type { CatalogItem } from '../store/catalog-item.js';
import type { OpenStore } from '../store/open-store.js';

/** Where a plugin is looked at: in a configured store, or among those that no store stands behind. */
export interface PluginPlace {
  store: OpenStore | undefined;
  id: string;
}

export function storeNameOf({ store }: Pick<PluginPlace, 'store'>): string {
  return store?.name ?? noStore;
}

/** Everything a row or a card shows of one plugin. */
export function pluginView(client: Client, place: PluginPlace): PluginView {
  const { store, id } = place;
  const registry = (store?.plugins ?? client.local).registry;
  const row = registry.row(id);
  const item = store?.catalogue.item(id);
  const snapshot = store?.snapshot(id) ?? registry.preview(id, undefined);
  const isHome = row !== undefined && client.stores.homeOf(row) === store;
  const job = client.traces.jobOf(id);
  return {
    store: storeNameOf(place),
    snapshot,
    actions: isHome ? actionsOf(row) : [],
    ...textsOf(id, isHome ? row : undefined, item),
    ...publisherOf(isHome ? row : undefined, item),
    seal: sealOf(snapshot, isHome ? row : undefined, item),
    categories: item?.categories ?? [],
    platforms: item?.platforms ?? [],
    ...(item?.size === undefined ? {} : { size: item.size }),
    ...(item?.publishedAt === undefined ? {} : { publishedAt: item.publishedAt }),
    ...imagesOf(place, isHome ? row : undefined, item),
    ...deprecationOf(item?.deprecated ?? (isHome ? client.updates.deprecation(row) : undefined)),
    ...(isHome ? { installed: installedView(client, row) } : {}),
    ...(row === undefined || isHome
      ? {}
      : { installedFrom: storeNameOf({ store: client.stores.homeOf(row) }) }),
    ...(job === undefined ? {} : { job }),
  };
}

function textsOf(id: string, row: InstalledPlugin | undefined, item: CatalogItem | undefined) {
  return {
    name: row?.name ?? item?.name ?? id,
    description: item?.description ?? row?.description ?? '',
  };
}

function publisherOf(
  row: InstalledPlugin | undefined,
  item: CatalogItem | undefined,
): { publisher?: string } {
  const publisher = row?.publisher ?? item?.publisher?.name;
  return publisher === undefined ? {} : { publisher };
}

/** Addresses of the host, which fetches the images or reads them. */
function imagesOf(
  { store, id }: PluginPlace,
  row: InstalledPlugin | undefined,
  item: CatalogItem | undefined,
): Pick<PluginView, 'icon' | 'background'> {
  const name = storeNameOf({ store });
  const icon = row?.iconPath ?? item?.icon;
  // The daemon's list tells of no background; whether there is one is seen when it is asked for.
  const background = item?.background ?? (row?.state === 'installed' ? row.path : undefined);
  return {
    ...(icon === undefined ? {} : { icon: pageRoutes.image(name, id, 'icon') }),
    ...(background === undefined ? {} : { background: pageRoutes.image(name, id, 'background') }),
  };
}

function deprecationOf(told: CatalogItem['deprecated']): Pick<PluginView, 'deprecated'> {
  if (told === undefined) return {};
  const { reason, successor } = told;
  return { deprecated: { reason, ...(successor === undefined ? {} : { successor }) } };
}

/** The seal says what is known: what the daemon verified, what it found wrong, else what the store says it has verified. */
function sealOf(
  { failure, installed }: PluginSnapshot,
  row: InstalledPlugin | undefined,
  item: CatalogItem | undefined,
): Seal {
  if (failure?.source === 'daemon') {
    if (failure.code === 'CERTIFICATE_REVOKED') return 'revoked';
    if (failure.resultCode === resultCodeOf.signature) return 'changed';
  }
  // The machine hears of it before the list is read again.
  const disabled = row && (installed?.disabled ?? row.disabled);
  if (disabled !== undefined || row?.state === 'disabled')
    return disabled?.code === 'FILES_CHANGED' ? 'changed' : 'revoked';
  if (row?.state === 'installed') return 'verified';
  return item?.isJudged === true ? 'signed' : 'none';
}

/** What can be asked of an installed plugin beside what its machine takes. */
function actionsOf({ state, load }: InstalledPlugin): PageAction[] {
  if (state === 'unmanaged') return ['adopt'];
  const actions: PageAction[] = [];
  const isLoaded = load?.state === 'loaded' || load?.state === 'loading';
  if (state === 'installed' && load !== undefined && !isLoaded) actions.push('load');
  if (isLoaded || load?.remembered === true) actions.push('unload');
  if (state === 'installed' || state === 'disabled') actions.push('check');
  return actions;
}

function installedView(client: Client, row: InstalledPlugin): InstalledView {
  const { version, state, installedAt, files, previousVersion, disabled, unanswered, reason, load } = row;
  const heldBack = client.updates.heldBack(row);
  const notice = client.updates.notice(row);
  return {
    version,
    state,
    ...(installedAt === undefined ? {} : { installedAt }),
    ...(files === undefined ? {} : { files }),
    ...(previousVersion === undefined ? {} : { previousVersion }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(unanswered === undefined ? {} : { unanswered }),
    ...(reason === undefined ? {} : { reason }),
    ...(load === undefined ? {} : { load }),
    policy: client.settings.policy(row.id),
    ...(heldBack === undefined ? {} : { heldBack }),
    ...(notice === undefined ? {} : { notice }),
    hasPreferences: row.hasPreferences === true,
  };
}
