import type { LookupFunction } from 'node:net';
import type { Agent, Dispatcher } from 'undici';
import { checkedUrl, redirected } from './checked-url.js';
import type { EvidenceAnswer, EvidenceKind, EvidenceRequest, FetchEvidence } from './evidence-request.js';
import { connectionError, fetchError } from './fetch-failure.js';
import type { ConnectionRules } from './guarded-connector.js';
import { sendWatched } from './watched-request.js';

export interface FetcherOptions {
  /** For one answer in all: resolving, connecting, redirects, headers and body. Default 5,000. */
  readonly timeMs?: number | undefined;
  /** Longest accepted OCSP answer. Default 64 KiB. */
  readonly maxOcspBytes?: number | undefined;
  /** Longest accepted CRL. Default 10 MiB. */
  readonly maxCrlBytes?: number | undefined;
  /** Default 2. */
  readonly maxRedirects?: number | undefined;
  /** Connect to addresses of the public Internet only. Default false: a responder may stand in one's own network. */
  readonly denyPrivateAddresses?: boolean | undefined;
  /** Addresses in one's own network that `denyPrivateAddresses` shall not refuse. Default none. */
  readonly allowedPrivateAddresses?: readonly string[] | undefined;
  /** Replaces the system's resolver; its answers are checked like the system's. */
  readonly lookup?: LookupFunction | undefined;
}

/** Callable, and to be disposed of: it owns its connections. */
export interface Fetcher extends FetchEvidence, AsyncDisposable {}

type Settings = {
  readonly [name in Exclude<keyof FetcherOptions, 'lookup'>]-?: NonNullable<FetcherOptions[name]>;
};

const defaults: Settings = {
  timeMs: 5_000,
  maxOcspBytes: 64 * 1024,
  maxCrlBytes: 10 * 1024 * 1024,
  maxRedirects: 2,
  denyPrivateAddresses: false,
  allowedPrivateAddresses: [],
};

const mediaTypes = {
  ocsp: { sent: 'application/ocsp-request', accepted: 'application/ocsp-response' },
  crl: { sent: '', accepted: 'application/pkix-crl' },
} as const;

/**
 * Fetches OCSP answers and CRLs, bounded in time, bytes and redirects: http and https only, no credentials,
 * no cookies, no proxy from the environment, no connection kept. The media type of an answer is not judged;
 * its bytes are, by `trust`.
 */
export function createFetcher(options: FetcherOptions = {}): Fetcher {
  const { lookup, ...given } = options;
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const settings: Settings = { ...defaults, ...set };
  let agent: Promise<Agent> | undefined;
  let isClosed = false;
  const fetchEvidence: FetchEvidence = async (request) => {
    if (isClosed) throw fetchError(request.kind, 'UNREACHABLE', request.url, 'is not asked any more');
    agent ??= openAgent({ ...settings, lookup });
    return await fetchWithin(await agent, settings, request);
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    await (await agent)?.destroy();
  };
  return Object.assign(fetchEvidence, { [Symbol.asyncDispose]: close });
}

/** Loaded only when there is something to ask: the HTTP client costs more than judging a small package. */
async function openAgent(rules: ConnectionRules): Promise<Agent> {
  const { guardedAgent } = await import('./guarded-agent.js');
  return guardedAgent(rules);
}

async function fetchWithin(
  agent: Agent,
  settings: Settings,
  request: EvidenceRequest,
): Promise<EvidenceAnswer> {
  request.signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), settings.timeMs);
  const ended = new AbortController();
  const signals = [deadline.signal, ended.signal, ...(request.signal === undefined ? [] : [request.signal])];
  const signal = AbortSignal.any(signals);
  try {
    return await followRedirects(agent, settings, request, signal);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (deadline.signal.aborted) {
      throw fetchError(
        request.kind,
        'TIMEOUT',
        request.url,
        `gave no answer within ${settings.timeMs} ms`,
        error,
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
    // Whatever was left unread of a refused answer is dropped with its connection.
    ended.abort();
  }
}

async function followRedirects(
  agent: Agent,
  settings: Settings,
  request: EvidenceRequest,
  signal: AbortSignal,
): Promise<EvidenceAnswer> {
  let target = checkedUrl(request.kind, request.url);
  for (let redirects = 0; ; redirects += 1) {
    const answer = await exchange(agent, request, target, signal);
    const location = redirectOf(answer);
    if (location === undefined)
      return { bytes: await readAnswer(request.kind, target, answer, settings), url: target.href };
    if (redirects >= settings.maxRedirects) {
      throw fetchError(
        request.kind,
        'REDIRECT_REFUSED',
        request.url,
        `redirects more than ${settings.maxRedirects} times`,
      );
    }
    target = redirected(request, answer.statusCode, location, target);
  }
}

async function exchange(
  agent: Agent,
  { kind, method, body, onHead }: EvidenceRequest,
  target: URL,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { sent, accepted } = mediaTypes[kind];
  const send = () =>
    agent.request({
      origin: target.origin,
      path: `${target.pathname}${target.search}`,
      method,
      body: body ?? null,
      headers: { accept: accepted, ...(body === undefined ? {} : { 'content-type': sent }) },
      signal,
    });
  try {
    return await sendWatched(send, { url: target.href, body, onHead });
  } catch (error) {
    throw connectionError(kind, target.href, error);
  }
}

function redirectOf(answer: Dispatcher.ResponseData): string | undefined {
  const { statusCode, headers } = answer;
  if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
  return typeof headers.location === 'string' ? headers.location : undefined;
}

async function readAnswer(
  kind: EvidenceKind,
  { href }: URL,
  { statusCode, headers, body }: Dispatcher.ResponseData,
  settings: Settings,
): Promise<Buffer> {
  if (statusCode !== 200)
    throw fetchError(kind, 'HTTP_STATUS', href, `answered with HTTP status ${statusCode}`);
  const maxBytes = kind === 'ocsp' ? settings.maxOcspBytes : settings.maxCrlBytes;
  const tooLarge = () => fetchError(kind, 'TOO_LARGE', href, `sends more than ${maxBytes} bytes`);
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(kind, href, error);
  }
  if (length > maxBytes) throw tooLarge();
  return Buffer.concat(chunks);
}
