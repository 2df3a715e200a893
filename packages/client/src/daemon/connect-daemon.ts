import {
  AccountList,
  ActivityReport,
  AdoptReport,
  CheckReport,
  DaemonEvent,
  DaemonInfo,
  DaemonProblem,
  DaemonSettings,
  daemonRoutes,
  InstalledPlugins,
  InstallReport,
  InstallTrace,
  InstallTraces,
  LoadReport,
  managingRoutes,
  PluginDetails,
  PluginPreferences,
  type PreferencesChange,
  RollbackReport,
  type SettingsChange,
  UninstallReport,
  UnloadAllReport,
} from '@jami-plugin-store/contract';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { Client, type Dispatcher } from 'undici';
import { ClientError } from '../error.js';
import { type BodyReader, readBody } from '../network/body-reader.js';
import { type ExchangeObserver, watchExchanges } from '../network/exchange-watch.js';
import { linkSignals, systemTimer, type Timer, wait } from '../network/timer.js';
import type { DaemonApi, DaemonCall, DaemonNews } from './daemon-api.js';
import { DaemonRefusal } from './daemon-refusal.js';
import { readEventStream } from './event-stream.js';

export interface ConnectDaemonOptions {
  /** What a daemon behind a named pipe asks for. */
  secret?: string | undefined;
  /** Longest wait for the answer to an install, which asks responders over the network. */
  installTimeoutMs?: number | undefined;
  /** Longest wait for any other answer. */
  answerTimeoutMs?: number | undefined;
  /** Waits between tries to find a daemon that went away; the last one repeats. */
  reconnectMs?: readonly number[] | undefined;
  timer?: Timer | undefined;
}

const maxAnswerBytes = 8 * 1024 * 1024;
const origin = 'http://daemon.invalid';
const absent: ReadonlySet<string> = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'ENOTSOCK',
]);

/**
 * The daemon behind a Unix socket or named pipe. Nothing is connected before the first call.
 * @param socketPath as in docs/interfaces.md
 */
export function connectDaemon(socketPath: string, options: ConnectDaemonOptions = {}): DaemonApi {
  return new SocketDaemon(socketPath, options);
}

interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  timeoutMs?: number;
  signal: AbortSignal | undefined;
  observe?: ExchangeObserver | undefined;
}

class SocketDaemon implements DaemonApi {
  readonly #socketPath: string;
  readonly #options: ConnectDaemonOptions;
  readonly #closing = new AbortController();
  readonly #dispatchers = new Set<Client>();
  readonly #timer: Timer;
  readonly #watch = watchExchanges();

  constructor(socketPath: string, options: ConnectDaemonOptions) {
    this.#socketPath = socketPath;
    this.#options = options;
    this.#timer = options.timer ?? systemTimer;
  }

  info(call: DaemonCall = {}): Promise<DaemonInfo> {
    return this.#ask(DaemonInfo, { method: 'GET', path: daemonRoutes.info, signal: call.signal });
  }

  list(call: DaemonCall & { language?: string | undefined } = {}) {
    const path = withLanguage(daemonRoutes.plugins, call.language);
    return this.#ask(InstalledPlugins, { method: 'GET', path, signal: call.signal });
  }

  details(id: string, call: DaemonCall & { language?: string | undefined } = {}) {
    const path = withLanguage(daemonRoutes.plugin(id), call.language);
    return this.#ask(PluginDetails, { method: 'GET', path, signal: call.signal });
  }

  install(body: Parameters<DaemonApi['install']>[0], call: DaemonCall = {}) {
    return this.#ask(InstallReport, {
      method: 'POST',
      path: daemonRoutes.plugins,
      body,
      timeoutMs: this.#options.installTimeoutMs ?? 600_000,
      signal: call.signal,
      observe: call.observe,
    });
  }

  uninstall(id: string, call: DaemonCall = {}) {
    return this.#ask(UninstallReport, {
      method: 'DELETE',
      path: daemonRoutes.plugin(id),
      signal: call.signal,
    });
  }

  rollback(id: string, call: DaemonCall = {}) {
    return this.#change(RollbackReport, daemonRoutes.rollback(id), call);
  }

  adopt(id: string, call: DaemonCall = {}) {
    return this.#change(AdoptReport, daemonRoutes.adopt(id), call);
  }

  check(id: string, call: DaemonCall = {}) {
    return this.#change(CheckReport, daemonRoutes.check(id), call);
  }

  activity(call: DaemonCall & { after?: number | undefined; limit?: number | undefined } = {}) {
    const query = new URLSearchParams();
    if (call.after !== undefined) query.set('after', String(call.after));
    if (call.limit !== undefined) query.set('limit', String(call.limit));
    const path = query.size === 0 ? daemonRoutes.activity : `${daemonRoutes.activity}?${query}`;
    return this.#ask(ActivityReport, { method: 'GET', path, signal: call.signal });
  }

  accounts(call: DaemonCall = {}) {
    return this.#ask(AccountList, { method: 'GET', path: daemonRoutes.accounts, signal: call.signal });
  }

  traces(call: DaemonCall = {}) {
    return this.#ask(InstallTraces, { method: 'GET', path: daemonRoutes.traces, signal: call.signal });
  }

  trace(job: string, call: DaemonCall = {}) {
    return this.#ask(InstallTrace, { method: 'GET', path: daemonRoutes.trace(job), signal: call.signal });
  }

  load(id: string, call: DaemonCall = {}) {
    return this.#change(LoadReport, managingRoutes.load(id), call);
  }

  unload(id: string, call: DaemonCall = {}) {
    return this.#change(LoadReport, managingRoutes.unload(id), call);
  }

  unloadAll(call: DaemonCall = {}) {
    return this.#change(UnloadAllReport, managingRoutes.unloadAll, call);
  }

  settings(call: DaemonCall = {}) {
    return this.#ask(DaemonSettings, { method: 'GET', path: managingRoutes.settings, signal: call.signal });
  }

  changeSettings(body: SettingsChange, call: DaemonCall = {}) {
    return this.#patch(DaemonSettings, managingRoutes.settings, body, call);
  }

  preferences(
    id: string,
    call: DaemonCall & { account?: string | undefined; language?: string | undefined } = {},
  ) {
    const path = withQuery(managingRoutes.preferences(id), { account: call.account, lang: call.language });
    return this.#ask(PluginPreferences, { method: 'GET', path, signal: call.signal });
  }

  setPreferences(id: string, body: PreferencesChange, call: DaemonCall = {}) {
    return this.#patch(PluginPreferences, managingRoutes.preferences(id), body, call);
  }

  resetPreferences(id: string, call: DaemonCall & { account?: string | undefined } = {}) {
    const path = withQuery(managingRoutes.preferences(id), { account: call.account });
    return this.#ask(PluginPreferences, { method: 'DELETE', path, signal: call.signal });
  }

  async *events(call: DaemonCall = {}): AsyncGenerator<DaemonNews, void> {
    using linked = linkSignals([call.signal, this.#closing.signal]);
    const { signal } = linked;
    const delays = this.#options.reconnectMs ?? [250, 1_000, 2_000, 5_000];
    let lastEventId = '';
    let failures = 0;
    let isLost = false;
    while (!signal.aborted) {
      try {
        for await (const news of this.#stream(lastEventId, signal)) {
          failures = 0;
          isLost = false;
          if (news.type === 'reset') lastEventId = '';
          if (news.type === 'event') lastEventId = news.event.id;
          yield news;
        }
        throw new ClientError('DAEMON_UNAVAILABLE', 'The daemon ended its events', { at: this.#socketPath });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ClientError) && !(error instanceof DaemonRefusal)) throw error;
        if (!isLost) yield { type: 'lost', error: lossOf(error, this.#socketPath) };
        isLost = true;
      }
      const delayMs = delays[Math.min(failures, delays.length - 1)] ?? 1_000;
      failures += 1;
      await waitUntil(this.#timer, delayMs, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
    this.#watch[Symbol.dispose]();
    await Promise.all([...this.#dispatchers].map((dispatcher) => dispatcher.destroy()));
  }

  async *#stream(lastEventId: string, signal: AbortSignal): AsyncGenerator<DaemonNews> {
    await using connection = this.#connect(0);
    const headers: Record<string, string> = { ...this.#credentials(), accept: 'text/event-stream' };
    if (lastEventId !== '') headers['last-event-id'] = lastEventId;
    const answer = await this.#send(connection.client, {
      method: 'GET',
      path: daemonRoutes.events,
      headers,
      headersTimeout: this.#options.answerTimeoutMs ?? 30_000,
      signal,
    });
    if (answer.status !== 200) await this.#refuse(answer, signal);
    yield { type: 'connected', resumed: lastEventId !== '' };
    const bytes = guarded(answer.body, (error) => this.#failure(error, signal));
    for await (const event of readEventStream(bytes)) yield* newsOf(event.type, event.data);
  }

  async #ask<T extends TSchema>(schema: T, call: Call): Promise<Static<T>> {
    using linked = linkSignals([call.signal, this.#closing.signal]);
    const timeoutMs = call.timeoutMs ?? this.#options.answerTimeoutMs ?? 30_000;
    await using connection = this.#connect(timeoutMs);
    const { method, path } = call;
    using _observed = call.observe && this.#watch.expect({ method, origin, path }, call.observe);
    const answer = await this.#send(connection.client, {
      method: call.method,
      path: call.path,
      headers: {
        ...this.#credentials(),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      headersTimeout: timeoutMs,
      signal: linked.signal,
    });
    if (answer.status >= 400) await this.#refuse(answer, linked.signal);
    const value = await this.#json(answer.body, linked.signal);
    if (answer.status < 200 || answer.status > 299 || !Check(schema, value)) {
      throw this.#invalid(`status ${answer.status} with an answer that is not the one of ${call.path}`);
    }
    return value;
  }

  /** A change that may have to ask responders over the network, as an install does. */
  #change<T extends TSchema>(schema: T, path: string, { signal }: DaemonCall): Promise<Static<T>> {
    const timeoutMs = this.#options.installTimeoutMs ?? 600_000;
    return this.#ask(schema, { method: 'POST', path, timeoutMs, signal });
  }

  /** Enabling plugins loads those that are remembered, which may take long. */
  #patch<T extends TSchema>(
    schema: T,
    path: string,
    body: unknown,
    { signal }: DaemonCall,
  ): Promise<Static<T>> {
    const timeoutMs = this.#options.installTimeoutMs ?? 600_000;
    return this.#ask(schema, { method: 'PATCH', path, body, timeoutMs, signal });
  }

  async #send(
    client: Client,
    request: Omit<Dispatcher.RequestOptions, 'origin'> & { signal: AbortSignal },
  ): Promise<{ status: number; body: BodyReader }> {
    try {
      const answer = await client.request(request);
      return { status: answer.statusCode, body: readBody(answer.body) };
    } catch (error) {
      throw this.#failure(error, request.signal);
    }
  }

  async #refuse(answer: { status: number; body: BodyReader }, signal: AbortSignal): Promise<never> {
    const problem = await this.#json(answer.body, signal);
    if (!Check(DaemonProblem, problem)) throw this.#invalid(`status ${answer.status} without a reason`);
    throw new DaemonRefusal(problem);
  }

  async #json(body: BodyReader, signal: AbortSignal): Promise<unknown> {
    const chunks: Buffer[] = [];
    let received = 0;
    for await (const chunk of guarded(body, (error) => this.#failure(error, signal))) {
      received += chunk.length;
      if (received > maxAnswerBytes) throw this.#invalid('more than is accepted');
      chunks.push(chunk);
    }
    try {
      return JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch (cause) {
      throw this.#invalid('what is not JSON', cause);
    }
  }

  #credentials(): Record<string, string> {
    const { secret } = this.#options;
    return secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  }

  #connect(timeoutMs: number): AsyncDisposable & { client: Client } {
    const client = new Client(origin, {
      socketPath: this.#socketPath,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connectTimeout: 5_000,
    });
    this.#dispatchers.add(client);
    return {
      client,
      [Symbol.asyncDispose]: async () => {
        this.#dispatchers.delete(client);
        await client.destroy();
      },
    };
  }

  #failure(error: unknown, signal: AbortSignal): ClientError {
    if (error instanceof ClientError) return error;
    if (signal.aborted) {
      if (signal.reason instanceof ClientError) return signal.reason;
      return new ClientError('CANCELED', 'Canceled', { at: this.#socketPath, cause: signal.reason });
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = absent.has(code)
      ? 'The daemon is not running, or not for this user'
      : 'The daemon went away before it had answered';
    return new ClientError('DAEMON_UNAVAILABLE', `${sentence} (${this.#socketPath}: ${reason})`, {
      at: this.#socketPath,
      cause: error,
    });
  }

  #invalid(what: string, cause?: unknown): ClientError {
    return new ClientError('DAEMON_ANSWER_INVALID', `The daemon answered ${what} (${this.#socketPath})`, {
      at: this.#socketPath,
      cause,
    });
  }
}

function* newsOf(type: string, data: string): Generator<DaemonNews> {
  if (type === 'reset') {
    yield { type: 'reset' };
    return;
  }
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw new ClientError('DAEMON_ANSWER_INVALID', "One of the daemon's events is not JSON", { cause });
  }
  // A newer daemon may tell of things this client does not know yet.
  if (Check(DaemonEvent, event)) yield { type: 'event', event };
}

async function* guarded(body: BodyReader, failure: (error: unknown) => ClientError): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw failure(error);
  } finally {
    body.discard();
  }
}

function lossOf(error: ClientError | DaemonRefusal, socketPath: string): ClientError {
  if (error instanceof ClientError) return error;
  return new ClientError('DAEMON_UNAVAILABLE', `The daemon gives no events: ${error.message}`, {
    at: socketPath,
    cause: error,
  });
}

async function waitUntil(timer: Timer, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(timer, ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function withQuery(path: string, fields: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? path : `${path}?${query}`;
}

function withLanguage(path: string, language: string | undefined): string {
  return language === undefined ? path : `${path}?lang=${encodeURIComponent(language)}`;
}
