import type { ClientError } from '../error.js';
import type { Connectivity } from './connectivity.js';
import type { ExchangeObserver } from './exchange-watch.js';
import type { RetryBudget } from './retry-budget.js';
import type { LinkedSignal, Timer } from './timer.js';
import type { Transport } from './transport.js';

/** Largest file downloaded unless told otherwise: a package. */
const maxDownloadBytes = 512 * 1024 * 1024;

export interface DownloadProgress {
  /** Bytes on disk, resumed ones included. */
  received: number;
  total: number | undefined;
}

/** A break the download waits out. */
export interface DownloadPause {
  error: ClientError;
  attempt: number;
  delayMs: number;
  /** True: it waits for the way to the server to be back, not for a time. */
  isOffline: boolean;
}

export interface DownloadOptions {
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  onPause?: ((pause: DownloadPause) => void) | undefined;
  /** Aborting it cancels: what was received is removed. */
  signal?: AbortSignal | undefined;
  /** What the file must be: SHA-256 in lowercase hex, size in bytes. */
  expect?: { sha256?: string | undefined; size?: number | undefined } | undefined;
  /**
   * `refuse` (default) ends a download that is whole but not as expected; `keep` hands it over with `asExpected: false`, for
   * a caller who has it judged.
   */
  unexpected?: 'refuse' | 'keep' | undefined;
  maxBytes?: number | undefined;
  /** Hears what is really sent, for each request of the download. */
  observe?: ExchangeObserver | undefined;
}

export interface Downloaded {
  path: string;
  bytes: number;
  sha256: string;
  /** Bytes that an earlier, broken download had brought. */
  resumedBytes: number;
  asExpected: boolean;
}

/** What a download works with; all handed in. */
export interface DownloadMeans {
  transport: Transport;
  headers: Record<string, string>;
  timer: Timer;
  budget: RetryBudget;
  /** Longest duration of one download, retries included. */
  totalTimeoutMs: number;
  /** Longest wait for the way to the server to be back. */
  offlineTimeoutMs: number;
  connectivity: Connectivity;
  /** Aborted when the client closes: what was received stays for the next time. */
  closing: AbortSignal;
}

/** One download on its way: what was asked, and what was spent on it so far. */
export class DownloadJob {
  resumedBytes = 0;
  restarts = 0;
  shortRanges = 0;
  /** Waits for the network since bytes last came. */
  offlineWaits = 0;

  constructor(
    readonly means: DownloadMeans,
    readonly url: URL,
    readonly target: string,
    readonly options: DownloadOptions,
    readonly deadline: LinkedSignal,
  ) {}

  get signal(): AbortSignal {
    return this.deadline.signal;
  }

  get maxBytes(): number {
    return this.options.maxBytes ?? maxDownloadBytes;
  }
}
