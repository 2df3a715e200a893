import type { ApplicationView, Shell, StoreView } from '@jami-plugin-store/contract';
import type { Client } from '../client.js';
import type { OpenStore } from '../store/open-store.js';

/** What the daemon says of itself, read when it answers. */
export interface DaemonFacts {
  pluginsEnabled: boolean;
  accounts: string[];
}

/** What is said about the whole page. */
export function shellView(client: Client, facts: DaemonFacts): Shell {
  const { mirror, settings, options, updates } = client;
  return {
    platform: options.platform,
    language: client.language,
    daemon: {
      status: mirror.state.status,
      ...(mirror.state.status === 'lost' ? { message: mirror.state.error.message } : {}),
    },
    network: client.network.connectivity.isOnline ? 'online' : 'offline',
    stores: client.stores.all().map(storeView),
    ...facts,
    autoUpdate: settings.autoUpdate,
    updates: {
      ...(updates.checkedAt === undefined ? {} : { checkedAt: updates.checkedAt }),
      ...(updates.nextCheckAt === undefined ? {} : { nextCheckAt: updates.nextCheckAt }),
      isChecking: updates.isChecking,
    },
    application: client.application?.view ?? noApplication,
  };
}

/** No application asks: there is nothing to say. */
const noApplication: ApplicationView = { current: '', channel: 'stable', status: 'off' };

function storeView({ name, url, config, catalogue }: OpenStore): StoreView {
  const { status, isDocumented, plugins, askedAt, failure, nextTryAt } = catalogue.standing;
  return {
    name,
    url,
    rootSha256: config.rootSha256,
    status,
    ...(isDocumented === undefined ? {} : { isDocumented }),
    ...(plugins === undefined ? {} : { plugins }),
    ...(askedAt === undefined ? {} : { askedAt: askedAt.toISOString() }),
    ...(status === 'unavailable' && failure !== undefined ? { failure } : {}),
    ...(status === 'unavailable' && nextTryAt !== undefined ? { nextTryAt: nextTryAt.toISOString() } : {}),
  };
}
