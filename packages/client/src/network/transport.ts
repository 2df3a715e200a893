import type { IncomingHttpHeaders } from 'node:http';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { ClientError } from '../error.js';
import { type BodyReader, readBody } from './body-reader.js';
import { type ExchangeObserver, type ExchangeWatch, watchExchanges } from './exchange-watch.js';
import { networkError } from './network-error.js';
import { callableUrl, redirectTarget } from './url.js';

export interface ProxySettings {
  /** Proxy for http and for https addresses; neither is read from the environment. */
  http?: string | undefined;
  https?: string | undefined;
  /** Hosts called directly, comma separated; this machine always is. */
  except?: string | undefined;
}

export interface TransportOptions {
  connectTimeoutMs?: number | undefined;
  /** Longest silence of a server, before and within its answer. */
  idleTimeoutMs?: number | undefined;
  /** PEM certificates trusted beside the built-in ones. */
  ca?: readonly string[] | undefined;
  proxy?: ProxySettings | undefined;
  userAgent?: string | undefined;
}

/** An answer whose body is still to be read; whoever gets it reads or discards it. */
export interface Answer {
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: BodyReader;
}

interface TransportRequest {
  method?: 'GET' | 'HEAD' | 'POST' | undefined;
  headers: Record<string, string>;
  body?: string | undefined;
  signal: AbortSignal;
  /** Hears what is really sent, each hop of redirects by itself. */
  observe?: ExchangeObserver | undefined;
}

export interface Transport extends AsyncDisposable {
  /**
   * Asks, following at most five redirects; a body is never sent on to another address.
   * @throws {ClientError} of a network code
   */
  send(url: URL, request: TransportRequest): Promise<Answer>;
}

const maxRedirects = 5;
const maxHeaderBytes = 32 * 1024;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** One connection pool of its own: no global dispatcher, no environment, closed with `await using`. */
export function createTransport(options: TransportOptions = {}): Transport {
  const dispatcher = createDispatcher(options);
  const watch = watchExchanges();
  const userAgent = options.userAgent ?? 'jpl';
  return {
    async send(url, request) {
      let at = callableUrl(url);
      const headers = { 'user-agent': userAgent, 'accept-encoding': 'identity', ...request.headers };
      for (let hops = 0; hops <= maxRedirects; hops += 1) {
        const answer = await sendOnce(dispatcher, watch, at, { ...request, headers });
        if (!redirects.has(answer.status)) return answer;
        answer.body.discard();
        const { location } = answer.headers;
        at = redirectTarget(at, location);
        if (request.body !== undefined) {
          throw new ClientError('REDIRECT_REFUSED', `${url.href} redirects a question with a body`, {
            at: url.href,
          });
        }
      }
      throw new ClientError('TOO_MANY_REDIRECTS', `${url.href} redirects more than ${maxRedirects} times`, {
        at: url.href,
      });
    },
    async [Symbol.asyncDispose]() {
      watch[Symbol.dispose]();
      await dispatcher.destroy();
    },
  };
}

/**
 * Refuses every answer that is not what was asked for.
 * @throws {ClientError} NOT_FOUND | ACCESS_DENIED | HTTP_STATUS (with status, and Retry-After where sent) | ANSWER_ENCODED
 */
export function assertAnswered(answer: Answer, accepted: readonly number[]): void {
  if (accepted.includes(answer.status)) {
    assertNotEncoded(answer);
    return;
  }
  answer.body.discard();
  const { status, url } = answer;
  const detail = { at: url.href, status, retryAfterMs: retryAfterMs(answer.headers['retry-after']) };
  if (status === 404 || status === 410) {
    throw new ClientError('NOT_FOUND', `The server does not have ${url.href} (status ${status})`, detail);
  }
  if (status === 401 || status === 403 || status === 407 || status === 451) {
    throw new ClientError(
      'ACCESS_DENIED',
      `The server refuses access to ${url.href} (status ${status})`,
      detail,
    );
  }
  throw new ClientError('HTTP_STATUS', `The server answered ${url.href} with status ${status}`, detail);
}

function assertNotEncoded(answer: Answer): void {
  const encoding = answer.headers['content-encoding'];
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return;
  answer.body.discard();
  throw new ClientError(
    'ANSWER_ENCODED',
    `The server sent ${answer.url.href} encoded (${encoding}) although that was not accepted`,
    { at: answer.url.href },
  );
}

// RFC 9110 10.2.3: seconds; the date form is not worth a clock here.
function retryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

async function sendOnce(
  dispatcher: Dispatcher,
  watch: ExchangeWatch,
  url: URL,
  { method = 'GET', headers, body, signal, observe }: TransportRequest,
): Promise<Answer> {
  const { origin } = url;
  const path = `${url.pathname}${url.search}`;
  const observed = observe && watch.expect({ method, origin, path }, observe);
  try {
    const answer = await dispatcher.request({ origin, path, method, headers, body: body ?? null, signal });
    return { url, status: answer.statusCode, headers: answer.headers, body: readBody(answer.body) };
  } catch (error) {
    throw failureOf(error, url, signal);
  } finally {
    observed?.[Symbol.dispose]();
  }
}

/** What ended a request: the caller's reason where its signal was aborted, else the network's error. */
export function failureOf(error: unknown, url: URL, signal: AbortSignal): ClientError {
  if (!signal.aborted) return networkError(error, url);
  if (signal.reason instanceof ClientError) return signal.reason;
  return new ClientError('CANCELED', 'Canceled', { at: url.href, cause: signal.reason });
}

function createDispatcher(options: TransportOptions): Dispatcher {
  const idleTimeoutMs = options.idleTimeoutMs ?? 20_000;
  const tls = options.ca === undefined ? undefined : trusting(options.ca);
  const settings = {
    connect: connectorOf(options.connectTimeoutMs ?? 10_000, tls),
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
    connections: 6,
  };
  const { proxy } = options;
  if (proxy === undefined) return new Agent(settings);
  const secure = tls === undefined ? {} : { secureContext: tls() };
  return new EnvHttpProxyAgent({
    ...settings,
    requestTls: secure,
    proxyTls: secure,
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? '',
    noProxy: ['localhost', '127.0.0.1', '[::1]', ...(proxy.except?.split(',') ?? [])].join(','),
  });
}

/** What is trusted, worked out once and only where something encrypted is called: some hundred certificates take their time. */
function trusting(ca: readonly string[]): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext({ ca: [...rootCertificates, ...ca] });
    return context;
  };
}

function connectorOf(timeout: number, tls: (() => SecureContext) | undefined): buildConnector.connector {
  const plain = buildConnector({ timeout });
  let secure: buildConnector.connector | undefined;
  return (options, callback) => {
    if (options.protocol !== 'https:' || tls === undefined) return plain(options, callback);
    secure ??= buildConnector({ timeout, secureContext: tls() });
    return secure(options, callback);
  };
}
