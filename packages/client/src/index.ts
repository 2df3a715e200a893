export {
  ClientError,
  type ClientErrorCode,
  type ClientErrorDetail,
  type LocalErrorCode,
  type NetworkErrorCode,
  networkKindOf,
} from './error.js';
export type { Downloaded, DownloadOptions, DownloadPause, DownloadProgress } from './network/download.js';
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
