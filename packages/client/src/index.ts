export { type ConnectDaemonOptions, connectDaemon } from './daemon/connect-daemon.js';
export type { DaemonApi, DaemonCall, DaemonNews } from './daemon/daemon-api.js';
export { DaemonRefusal } from './daemon/daemon-refusal.js';
export {
  ClientError,
  type ClientErrorCode,
  type ClientErrorDetail,
  type LocalErrorCode,
  type NetworkErrorCode,
  networkKindOf,
} from './error.js';
export type { Downloaded, DownloadOptions, DownloadPause, DownloadProgress } from './network/download-job.js';
export {
  createNetwork,
  defaultRetryPolicy,
  type JsonRequest,
  type Network,
  type NetworkOptions,
} from './network/network.js';
export type { RetryPolicy } from './network/retry-budget.js';
export { systemTimer, type Timer } from './network/timer.js';
export type { ProxySettings } from './network/transport.js';
export {
  type InstallConsent,
  type PluginContext,
  type PluginEvent,
  type PluginWork,
  pluginMachine,
  providePluginWork,
  toPluginSnapshot,
} from './plugin/plugin-machine.js';
export type { DaemonState, StoreClientEvent } from './plugin/snapshot-feed.js';
export { createStoreClient, type StoreClient, type StoreClientOptions } from './plugin/store-client.js';
export type { AvailableUpdate, UpdateCheck } from './plugin/update-check.js';
export type { SkippedEntry, StoreCatalog } from './store/catalog.js';
export {
  addStore,
  type ConfiguredStore,
  listStores,
  removeStore,
  storesFileOf,
  storeUrl,
} from './store/configured-stores.js';
export { createStoreApi, type StoreApi, type StoreOffer, type StoreRequest } from './store/store-api.js';
