import { ClientError } from '../error.js';
import { downloadFile } from './download.js';
import type { Downloaded, DownloadOptions } from './download-job.js';
import { readJson } from './json-answer.js';
import { createRetryBudget, mayPass, type RetryPolicy } from './retry-budget.js';
import { linkSignals, systemTimer, type Timer, wait } from './timer.js';
import { assertAnswered, createTransport, type TransportOptions } from './transport.js';
import { callableUrl } from './url.js';

export interface NetworkOptions extends TransportOptions {
  /** `Accept-Language` of every request: a tag or a list (RFC 9110 12.5.4). */
  language?: string | undefined;
  retry?: Partial<RetryPolicy> | undefined;
  /** Longest duration of one JSON request, retries included. */
  requestTimeoutMs?: number | undefined;
  /** Longest duration of one download, retries included. */
  downloadTimeoutMs?: number | undefined;
  timer?: Timer | undefined;
  /** In [0, 1): the jitter of waits. */
  random?: (() => number) | undefined;
}

export interface JsonRequest {
  language?: string | undefined;
  maxBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The only thing of this room that touches the network. */
export interface Network extends AsyncDisposable {
  /**
   * The JSON a GET answers with; not validated further.
   * @throws {ClientError} a network code
   */
  getJson(url: string | URL, request?: JsonRequest): Promise<unknown>;
  /** See `downloadFile`. Downloads of one target follow each other. */
  download(url: string | URL, target: string, options?: DownloadOptions): Promise<Downloaded>;
}

export const defaultRetryPolicy: Readonly<RetryPolicy> = { attempts: 4, baseMs: 1_000, maxMs: 20_000 };

const defaultMaxJsonBytes = 8 * 1024 * 1024;

/** Network manager: one connection pool, bounded in bytes and time, closed with `await using`. */
export function createNetwork(options: NetworkOptions = {}): Network {
  const transport = createTransport(options);
  const timer = options.timer ?? systemTimer;
  const random = options.random ?? Math.random;
  const policy = { ...defaultRetryPolicy, ...definedOnly(options.retry ?? {}) };
  const closing = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  const headersFor = (language = options.language): Record<string, string> =>
    language === undefined ? {} : { 'accept-language': language };

  const getJson = async (address: string | URL, request: JsonRequest = {}): Promise<unknown> => {
    const url = callableUrl(address);
    const ms = options.requestTimeoutMs ?? 30_000;
    using linked = linkSignals([request.signal, closing.signal], {
      timer,
      ms,
      reason: () =>
        new ClientError('TOTAL_TIMEOUT', `${url.host} did not answer within ${ms} ms`, { at: url.href }),
    });
    const budget = createRetryBudget(policy, random);
    for (;;) {
      try {
        const headers = { accept: 'application/json', ...headersFor(request.language) };
        const answer = await transport.get(url, { headers, signal: linked.signal });
        assertAnswered(answer, [200]);
        return await readJson(answer, request.maxBytes ?? defaultMaxJsonBytes, linked.signal);
      } catch (error) {
        const next = mayPass(error) ? budget.spend(error) : undefined;
        if (next === undefined) throw error;
        await waitOut(timer, next.delayMs, linked.signal, url);
      }
    }
  };

  const download = async (
    url: string | URL,
    target: string,
    downloadOptions: DownloadOptions = {},
  ): Promise<Downloaded> => {
    const before = running.get(target);
    const means = {
      transport,
      headers: headersFor(),
      timer,
      budget: createRetryBudget(policy, random),
      totalTimeoutMs: options.downloadTimeoutMs ?? 3_600_000,
      closing: closing.signal,
    };
    const job = settled(before).then(() => downloadFile(means, url, target, downloadOptions));
    running.set(target, job);
    try {
      return await job;
    } finally {
      if (running.get(target) === job) running.delete(target);
    }
  };

  return {
    getJson,
    download,
    async [Symbol.asyncDispose]() {
      closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
      await Promise.allSettled(running.values());
      await transport[Symbol.asyncDispose]();
    },
  };
}

// Its outcome belongs to whoever asked for that download; the next one only waits for its end.
async function settled(job: Promise<unknown> | undefined): Promise<void> {
  await Promise.allSettled([job]);
}

async function waitOut(timer: Timer, ms: number, signal: AbortSignal, url: URL): Promise<void> {
  try {
    await wait(timer, ms, signal);
  } catch (reason) {
    if (reason instanceof ClientError) throw reason;
    throw new ClientError('CANCELED', 'Canceled', { at: url.href, cause: reason });
  }
}

function definedOnly<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
