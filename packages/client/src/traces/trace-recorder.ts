import type { InstallTrace, TraceFact, TraceMessage } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { ExchangeObserver } from '../network/exchange-watch.js';

/** What a recorder needs of the book it writes in. */
export interface RecorderMeans {
  /** Wall clock, for the instant a trace began. */
  clock: () => Date;
  /** Milliseconds that only rise. */
  now: () => number;
  /** Hears of every message, and of the end. */
  onChange(trace: InstallTrace, message?: TraceMessage): void;
}

const maxMessages = 512;
const maxRawLength = 8_192;

/** Writes down what the client and the store sent each other for one install, and what the client asked of the daemon. */
export class TraceRecorder {
  readonly trace: InstallTrace;
  readonly #means: RecorderMeans;
  readonly #began: number;
  #received: { received: number; total: number | undefined } | undefined;
  #answer: { atMs: number; head: string; status: number } | undefined;

  constructor(means: RecorderMeans, job: string, plugin: string | null) {
    this.#means = means;
    this.#began = means.now();
    this.trace = { job, plugin, version: null, startedAt: means.clock().toISOString(), messages: [] };
  }

  noteVersion(version: string): void {
    this.trace.version = version;
  }

  notePlugin(plugin: string): void {
    this.trace.plugin = plugin;
  }

  /** Hears the question what the store offers. */
  details(): ExchangeObserver {
    return {
      sent: (raw) =>
        this.#add({ kind: 'details-request', from: 'client', to: 'store', outcome: 'sent', raw }),
      answered: (raw, status) =>
        this.#add({
          kind: 'details-answer',
          from: 'store',
          to: 'client',
          outcome: status < 400 ? 'ok' : 'refused',
          facts: [fact('status', status)],
          raw,
        }),
    };
  }

  /** Hears the download; its answer is written down when its bytes have come. */
  download(): ExchangeObserver {
    return {
      sent: (raw) => {
        this.#answer = undefined;
        this.#add({ kind: 'download-request', from: 'client', to: 'store', outcome: 'sent', raw });
      },
      answered: (head, status) => {
        this.#answer = { atMs: this.#at(), head, status };
      },
    };
  }

  noteReceived(progress: { received: number; total: number | undefined }): void {
    this.#received = progress;
  }

  /** The download broke, and is tried again. */
  noteBroken(error: ClientError): void {
    this.#closeDownload('failed');
    this.#add({
      kind: 'download-broken',
      from: 'client',
      to: 'client',
      outcome: 'failed',
      code: error.code,
      facts: [fact('reason', error.message)],
      ...this.#bytes(),
    });
  }

  /** The download is whole, or was already there. */
  downloaded(): void {
    this.#closeDownload('ok');
  }

  /** Hears the install request to the daemon; `body` is the JSON it is sent with. */
  install(body: string): ExchangeObserver {
    return {
      sent: (head) => {
        const raw = `${head}\n\n${body}`;
        this.#add({ kind: 'install-request', from: 'client', to: 'daemon', outcome: 'sent', raw });
      },
      answered: (head, status) => {
        this.#answer = { atMs: this.#at(), head, status };
      },
    };
  }

  /** The daemon's answer has been read. */
  installAnswered(outcome: { code: string | null; facts: TraceFact[] }): void {
    const { code, facts } = outcome;
    const answer = this.#answer;
    this.#answer = undefined;
    this.#add({
      kind: 'install-answer',
      from: 'daemon',
      to: 'client',
      outcome: code === null ? 'ok' : 'refused',
      ...(code === null ? {} : { code }),
      facts,
      ...(answer === undefined ? {} : { raw: answer.head }),
    });
    this.#finish(code);
  }

  /** It ended before the daemon had a say. */
  end(error: unknown): void {
    if (this.trace.endedAt !== undefined) return;
    this.#closeDownload('failed');
    this.#finish(error instanceof ClientError ? error.code : 'INTERNAL');
  }

  #closeDownload(outcome: 'ok' | 'failed'): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    this.#answer = undefined;
    this.#add({
      kind: 'download-answer',
      from: 'store',
      to: 'client',
      outcome: answer.status >= 400 ? 'refused' : outcome,
      facts: [fact('status', answer.status)],
      raw: answer.head,
      ...this.#bytes(),
      atMs: answer.atMs,
      untilMs: this.#at(),
    });
  }

  #bytes(): { done?: number; of?: number } {
    if (this.#received === undefined) return {};
    const { received, total } = this.#received;
    return { done: received, ...(total === undefined ? {} : { of: total }) };
  }

  #add(message: Omit<TraceMessage, 'atMs' | 'facts'> & Partial<Pick<TraceMessage, 'atMs' | 'facts'>>): void {
    const { messages } = this.trace;
    if (messages.length >= maxMessages || this.trace.endedAt !== undefined) return;
    const whole: TraceMessage = { atMs: this.#at(), facts: [], ...message };
    if (whole.raw !== undefined) whole.raw = whole.raw.slice(0, maxRawLength);
    messages.push(whole);
    this.#means.onChange(this.trace, whole);
  }

  #finish(code: string | null): void {
    this.trace.code = code;
    this.trace.endedAt = this.#means.clock().toISOString();
    this.#means.onChange(this.trace);
  }

  #at(): number {
    return Math.max(0, Math.round((this.#means.now() - this.#began) * 10) / 10);
  }
}

function fact(name: string, value: string | number): TraceFact {
  return { name, value: String(value) };
}
