import { ClientError } from '../error.js';
import { readBytes, readJson, readText } from './answer-body.js';
import { Connectivity, hasNetworkInterface } from './connectivity.js';
import { downloadFile } from './download.js';
import type { Downloaded, DownloadOptions } from './download-job.js';
import type { ExchangeObserver } from './exchange-watch.js';
import { createRetryBudget, mayPass, type RetryPolicy } from './retry-budget.js';
import { linkSignals, systemTimer, type Timer, wait } from './timer.js';
import { type Answer, assertAnswered, createTransport, type TransportOptions } from './transport.js';
import { callableUrl } from './url.js';

export interface NetworkOptions extends TransportOptions {
  /** `Accept-Language` of every request: a tag or a list (RFC 9110 12.5.4). */
  language?: string | undefined;
  retry?: Partial<RetryPolicy> | undefined;
  /** Longest duration of one request, retries included. */
  requestTimeoutMs?: number | undefined;
  /** Longest duration of one download, retries included; what it waits for the network to be back does not count. */
  downloadTimeoutMs?: number | undefined;
  /** Longest wait of one download for the network to be back. */
  offlineTimeoutMs?: number | undefined;
  timer?: Timer | undefined;
  /** In [0, 1): the jitter of waits. */
  random?: (() => number) | undefined;
  /** Whether this machine has network at all; by default what its interfaces say. */
  hasInterface?: (() => boolean) | undefined;
}

export interface NetworkRequest {
  language?: string | undefined;
  maxBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  observe?: ExchangeObserver | undefined;
}

/** The only thing of this room that touches the network. Each call throws a `ClientError` of a network code. */
export interface Network extends AsyncDisposable {
  /** The JSON a GET answers with; not validated further. */
  getJson(url: string | URL, request?: NetworkRequest): Promise<unknown>;
  /** The JSON a POST of JSON answers with. Asked again after a break: for questions only, never for what changes something. */
  postJson(url: string | URL, body: unknown, request?: NetworkRequest): Promise<unknown>;
  getText(url: string | URL, request?: NetworkRequest): Promise<string>;
  getBytes(url: string | URL, request?: NetworkRequest): Promise<Buffer>;
  /** See `downloadFile`. Downloads of one target follow each other. */
  download(url: string | URL, target: string, options?: DownloadOptions): Promise<Downloaded>;
  /** Whether there is a way to the servers that are called. */
  readonly connectivity: Connectivity;
}

export const defaultRetryPolicy: Readonly<RetryPolicy> = { attempts: 4, baseMs: 1_000, maxMs: 20_000 };

const defaultMaxBytes = 8 * 1024 * 1024;
const defaultRequestMs = 30_000;
const dayMs = 86_400_000;

/** One question, and how its answer is read. */
interface Question<T> {
  method?: 'POST' | undefined;
  body?: string | undefined;
  accept: string;
  read(answer: Answer, maxBytes: number, signal: AbortSignal): Promise<T>;
}

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

  const probe = async (url: URL, signal: AbortSignal): Promise<void> => {
    const reason = () => new ClientError('CONNECT_TIMEOUT', `${url.host} does not answer`, { at: url.href });
    const ms = options.requestTimeoutMs ?? defaultRequestMs;
    using linked = linkSignals([signal, closing.signal], { timer, ms, reason });
    const answer = await transport.send(url, { method: 'HEAD', headers: {}, signal: linked.signal });
    answer.body.discard();
  };
  const hasInterface = options.hasInterface ?? hasNetworkInterface;
  const connectivity = new Connectivity({ timer, random, hasInterface, probe });

  const ask = async <T>(
    address: string | URL,
    request: NetworkRequest,
    question: Question<T>,
  ): Promise<T> => {
    const url = callableUrl(address);
    const ms = options.requestTimeoutMs ?? defaultRequestMs;
    using linked = linkSignals([request.signal, closing.signal], {
      timer,
      ms,
      reason: () =>
        new ClientError('TOTAL_TIMEOUT', `${url.host} did not answer within ${ms} ms`, { at: url.href }),
    });
    const budget = createRetryBudget(policy, random);
    const { signal } = linked;
    const headers = {
      accept: question.accept,
      ...headersFor(request.language),
      ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    for (;;) {
      try {
        const { method, body } = question;
        const answer = await transport.send(url, { method, headers, body, signal, observe: request.observe });
        connectivity.noteAnswer(url);
        assertAnswered(answer, [200]);
        return await question.read(answer, request.maxBytes ?? defaultMaxBytes, signal);
      } catch (error) {
        if (error instanceof ClientError) connectivity.noteFailure(url, error);
        const next = mayPass(error) ? budget.spend(error) : undefined;
        if (next === undefined) throw error;
        await waitOut(timer, next.delayMs, signal, url);
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
      offlineTimeoutMs: options.offlineTimeoutMs ?? dayMs,
      connectivity,
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

  const json = { accept: 'application/json', read: readJson };
  return {
    getJson: (url, request = {}) => ask(url, request, json),
    postJson: (url, body, request = {}) =>
      ask(url, request, { ...json, method: 'POST', body: JSON.stringify(body) }),
    getText: (url, request = {}) => ask(url, request, { accept: 'text/plain', read: readText }),
    getBytes: (url, request = {}) => ask(url, request, { accept: '*/*', read: readBytes }),
    download,
    connectivity,
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
