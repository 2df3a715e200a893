import type {
  CatalogPublisher,
  PluginDetails,
  PluginPage,
  StorePluginFacts,
  StoreRelease,
  TrustView,
} from '@jami-plugin-store/contract';
import type { Client } from '../client.js';
import { ClientError } from '../error.js';
import { pluginFailure } from '../plugin/plugin-failure.js';
import { instantOf } from '../store/catalog-item.js';
import type { OpenStore } from '../store/open-store.js';
import { type PluginPlace, pluginView } from './plugin-view.js';

/** The store's half of a plugin's page. */
interface StoreHalf {
  facts?: StorePluginFacts;
  releases: Partial<StoreRelease>[];
}

/**
 * Everything known of one plugin. A store that does not answer leaves its half out and says why, as long as the plugin is installed.
 * @throws {ClientError | DaemonRefusal} where neither the store nor the daemon knows it
 */
export async function pluginPage(
  client: Client,
  place: PluginPlace,
  signal: AbortSignal,
): Promise<PluginPage> {
  const { store, id } = place;
  const row = (store?.plugins ?? client.local).registry.row(id);
  const isHome = row !== undefined && client.stores.homeOf(row) === store;
  const [half, details] = await Promise.all([
    store === undefined ? { releases: [] } : askStore(store, id, isHome, signal),
    isHome && row.state !== 'damaged'
      ? client.mirror.daemon.details(id, detailsCall(client, signal))
      : undefined,
  ]);
  const answered: StoreHalf = 'failure' in half ? { releases: [] } : half;
  const view = pluginView(client, place);
  const publisher = publisherOf(details, answered.facts);
  return {
    view,
    ...(publisher === undefined ? {} : { publisher }),
    languages: answered.facts?.languages ?? [],
    ...(answered.facts?.downloads === undefined ? {} : { downloads: answered.facts.downloads }),
    releases: answered.releases,
    trust: details === undefined ? storeTrust(view.seal, answered) : daemonTrust(view.seal, details),
    ...('failure' in half ? { failure: half.failure } : {}),
  };
}

function detailsCall(client: Client, signal: AbortSignal) {
  return { language: client.language, signal };
}

async function askStore(
  store: OpenStore,
  id: string,
  isInstalled: boolean,
  signal: AbortSignal,
): Promise<StoreHalf | { failure: ReturnType<typeof pluginFailure> }> {
  const request = { ...store.request(), signal };
  try {
    if (await store.api.hasV1(request)) {
      const facts = await store.api.facts(id, request);
      return { facts, releases: facts.releases };
    }
    const versions = await store.api.versions(id, request);
    return {
      releases: versions.map(({ version, timestamp }) => {
        const publishedAt = instantOf(timestamp);
        return { version, ...(publishedAt === undefined ? {} : { publishedAt }) };
      }),
    };
  } catch (error) {
    if (!isInstalled || !(error instanceof ClientError)) throw error;
    return { failure: pluginFailure(error) };
  }
}

function publisherOf(
  details: PluginDetails | undefined,
  facts: StorePluginFacts | undefined,
): CatalogPublisher | undefined {
  if (details?.publisher === undefined) return facts?.publisher;
  const { name, organization } = details.publisher;
  return { name, ...(organization === undefined ? {} : { organization }) };
}

/** What this computer found out when it installed the plugin. */
function daemonTrust(seal: TrustView['seal'], details: PluginDetails): TrustView {
  const { installedAt, checkedAt, files, certificatePath = [], revocation = [] } = details;
  const askedAt = checkedAt ?? latestOf(revocation.map((one) => one.askedAt)) ?? installedAt;
  return {
    seal,
    saidBy: 'daemon',
    ...(installedAt === undefined ? {} : { verifiedAt: installedAt }),
    ...(files === undefined ? {} : { files }),
    path: certificatePath,
    revocation,
    ...(askedAt === undefined ? {} : { askedAt }),
  };
}

function latestOf(instants: readonly (string | undefined)[]): string | undefined {
  return instants
    .filter((instant) => instant !== undefined)
    .sort()
    .at(-1);
}

/** What the store says of its newest release: nothing of it has been checked here. */
function storeTrust(seal: TrustView['seal'], { releases }: StoreHalf): TrustView {
  const [newest] = releases;
  return {
    seal,
    saidBy: 'store',
    ...(newest?.files === undefined ? {} : { files: newest.files }),
    path: newest?.path ?? [],
    revocation: [],
  };
}
