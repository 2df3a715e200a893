export { ApplicationManager, type ApplicationOptions } from './application/application-manager.js';
export { type Client, type ClientNews, type ClientOptions, openClient } from './client.js';
export { type ConnectDaemonOptions, connectDaemon } from './daemon/connect-daemon.js';
export type { DaemonApi, DaemonCall, DaemonNews } from './daemon/daemon-api.js';
export type { DaemonState } from './daemon/daemon-mirror.js';
export { DaemonRefusal } from './daemon/daemon-refusal.js';
export { ClientError, type ClientErrorCode, type ClientErrorDetail, type NetworkErrorCode } from './error.js';
export { type PageHost, type ServePageOptions, servePage } from './host/serve-page.js';
export type { Downloaded, DownloadOptions, DownloadPause, DownloadProgress } from './network/download-job.js';
export {
  createNetwork,
  defaultRetryPolicy,
  type Network,
  type NetworkOptions,
  type NetworkRequest,
} from './network/network.js';
export type { RetryPolicy } from './network/retry-budget.js';
export { readSystemNetwork, type SystemNetwork } from './network/system-network.js';
export { systemTimer, type Timer } from './network/timer.js';
export type { ProxySettings } from './network/transport.js';
export { pluginMachine, providePluginWork } from './plugin/plugin-machine.js';
export type { PluginContext, PluginEvent } from './plugin/plugin-machine-setup.js';
export { toPluginSnapshot } from './plugin/plugin-snapshot.js';
export type { InstallConsent, PluginWork } from './plugin/plugin-work.js';
export type { StoreClientEvent } from './plugin/snapshot-feed.js';
export { createStoreClient, type StoreClient, type StoreClientOptions } from './plugin/store-client.js';
export type { AvailableUpdate, UpdateCheck } from './plugin/update-check.js';
export { ClientSettings } from './settings/client-settings.js';
export type { SkippedEntry, StoreCatalog } from './store/catalog.js';
export type { CatalogItem } from './store/catalog-item.js';
export {
  addStore,
  type ConfiguredStore,
  listStores,
  removeStore,
  storesFileOf,
  storeUrl,
} from './store/configured-stores.js';
export { type FoundPlugins, type StoreSearch, searchStore } from './store/search-store.js';
export { createStoreApi, type StoreApi, type StoreOffer, type StoreRequest } from './store/store-api.js';
export { cronScheduler, type Scheduler } from './updates/scheduler.js';
export { readUpdateReport } from './updates/update-journal.js';
export type { Unanswered, UpdateFound } from './updates/version-manager.js';
