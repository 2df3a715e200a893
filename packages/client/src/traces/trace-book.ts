import type {
  InstallReport,
  InstallRequest,
  InstallTrace,
  InstallTraceHead,
  TraceMessage,
} from '@jami-plugin-store/contract';
import type { DaemonApi } from '../daemon/daemon-api.js';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import { inTimeOf, isToldTwice, mergeTraces } from './merge-traces.js';
import { TraceRecorder } from './trace-recorder.js';

export interface TraceBookMeans {
  clock: () => Date;
  /** Milliseconds that only rise. */
  now?: (() => number) | undefined;
}

/** What a list tells of one install. */
export interface TraceHead extends InstallTraceHead {
  /** The network went while it downloaded. */
  readonly downloadBroke: boolean;
}

const maxTraces = 32;

/** What the client knows of the last installs it had a hand in: everything it sent and got, by job. */
export class TraceBook {
  readonly #means: { clock: () => Date; now: () => number };
  readonly #recorders = new Map<string, TraceRecorder>();
  readonly #listeners = new Set<(trace: InstallTraceHead, message?: TraceMessage) => void>();

  constructor({ clock, now = () => performance.now() }: TraceBookMeans) {
    this.#means = { clock, now };
  }

  /** @param plugin null where the package has not told yet which it is */
  begin(job: string, plugin: string | null): TraceRecorder {
    const recorder = new TraceRecorder(
      { ...this.#means, onChange: (trace, message) => this.#emit(trace, message) },
      job,
      plugin,
    );
    this.#recorders.delete(job);
    this.#recorders.set(job, recorder);
    const [oldest] = this.#recorders.keys();
    if (this.#recorders.size > maxTraces && oldest !== undefined) this.#recorders.delete(oldest);
    return recorder;
  }

  /**
   * Has the daemon install, and writes down what was asked and answered. The download before it is whole.
   * @throws {DaemonRefusal | ClientError} the daemon's
   */
  async install(
    daemon: DaemonApi,
    request: InstallRequest & { job: string },
    signal: AbortSignal,
  ): Promise<InstallReport> {
    const recorder = this.#recorders.get(request.job) ?? this.begin(request.job, null);
    recorder.downloaded();
    try {
      const observe = recorder.install(JSON.stringify(request));
      const report = await daemon.install(request, { signal, observe });
      const { id, version, sha256, publisher } = report;
      recorder.notePlugin(id);
      recorder.noteVersion(version);
      const facts = Object.entries({ id, version, publisher: publisher.name, sha256 });
      recorder.installAnswered({ code: null, facts: facts.map(([name, value]) => ({ name, value })) });
      return report;
    } catch (error) {
      if (error instanceof DaemonRefusal) {
        const { plugin, resultCode, entry, certificate } = error.problem;
        if (plugin !== undefined) recorder.notePlugin(plugin.id);
        const told = { reason: error.message, resultCode, entry, certificate };
        const facts = Object.entries(told).flatMap(([name, value]) =>
          value === undefined ? [] : [{ name, value: String(value) }],
        );
        recorder.installAnswered({ code: error.code, facts });
      } else recorder.end(error);
      throw error;
    }
  }

  /** Newest first. */
  list(): InstallTrace[] {
    return [...this.#recorders.values()].map(({ trace }) => trace).reverse();
  }

  get(job: string): InstallTrace | undefined {
    return this.#recorders.get(job)?.trace;
  }

  /** The last installs that this client or its daemon knows of, newest first. A daemon that does not answer leaves its own out. */
  async heads(daemon: DaemonApi, signal: AbortSignal): Promise<TraceHead[]> {
    const theirs = await unlessAway(daemon.traces({ signal }));
    const heads = new Map(
      (theirs?.traces ?? []).map((head): [string, TraceHead] => [
        head.job,
        { ...head, downloadBroke: false },
      ]),
    );
    for (const { messages, ...head } of this.list()) {
      const other = heads.get(head.job);
      const plugin = head.plugin ?? other?.plugin ?? null;
      const downloadBroke = messages.some(({ kind }) => kind === 'download-broken');
      heads.set(head.job, { ...other, ...head, plugin, downloadBroke });
    }
    return [...heads.values()].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)).slice(0, maxTraces);
  }

  /** Everything both know of one install; undefined where neither does. */
  async read(job: string, daemon: DaemonApi, signal: AbortSignal): Promise<InstallTrace | undefined> {
    const own = this.get(job);
    const theirs = await unlessAway(daemon.trace(job, { signal }));
    if (own === undefined || theirs === undefined) return own ?? theirs;
    return mergeTraces(own, theirs);
  }

  /** The daemon has told something of an install that is going on. */
  noteDaemon(head: InstallTraceHead, message: TraceMessage): void {
    const own = this.get(head.job);
    if (own === undefined) {
      this.#tell(head, message);
      return;
    }
    if (isToldTwice(own, message)) return;
    // How it ended is told by the client's own answer.
    const { messages: _, ...ownHead } = own;
    this.#tell({ ...ownHead, plugin: own.plugin ?? head.plugin }, inTimeOf(own, head.startedAt, message));
  }

  /** The job of a plugin's last install here. */
  jobOf(plugin: string): string | undefined {
    return this.list().find((trace) => trace.plugin === plugin)?.job;
  }

  /** @returns what ends it */
  on(listener: (trace: InstallTraceHead, message?: TraceMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #emit({ messages: _, ...head }: InstallTrace, message: TraceMessage | undefined): void {
    this.#tell(head, message);
  }

  #tell(head: InstallTraceHead, message: TraceMessage | undefined): void {
    for (const listener of [...this.#listeners]) listener(head, message);
  }
}

/** Undefined where the daemon does not answer, or knows nothing of it. */
async function unlessAway<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DaemonRefusal || error instanceof ClientError) return undefined;
    throw error;
  }
}
