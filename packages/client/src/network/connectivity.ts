import { networkInterfaces } from 'node:os';
import { ClientError } from '../error.js';
import { linkSignals, type Timer, wait } from './timer.js';
import { isLoopback } from './url.js';

export interface ConnectivityMeans {
  timer: Timer;
  /** In [0, 1): probes of many clients do not come at once. */
  random: () => number;
  /** Whether this machine has an address beside loopback. A hint: it never decides alone that there is a way. */
  hasInterface: () => boolean;
  /** Asks a server for as little as possible; resolves with any answer, an error one too. */
  probe(url: URL, signal: AbortSignal): Promise<void>;
}

/** Bounds of the waits between two probes of one server; the last one repeats. */
const probeWaitsMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const;
/** How often the hint is looked at meanwhile. */
const hintEveryMs = 2_000;
const maxOrigins = 256;

/** A server's name is known nowhere, or nothing leads to it: it is this machine's side. */
const ownSide: ReadonlySet<string> = new Set(['NAME_NOT_RESOLVED', 'HOST_UNREACHABLE']);

/** Whether this machine has network. */
export function hasNetworkInterface(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
}

/**
 * Whether there is a way to the servers that are called: known by how real requests end, and by cheap probes of the same servers
 * while somebody waits. Nobody else is ever asked.
 */
export class Connectivity {
  readonly #means: ConnectivityMeans;
  /** Of servers on other machines: whether the last request was answered, or why there was no way. */
  readonly #outcomes = new Map<string, 'answered' | string>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<(isOnline: boolean) => void>();
  #isOnline = true;

  constructor(means: ConnectivityMeans) {
    this.#means = means;
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** @returns what ends it */
  on(listener: (isOnline: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  noteAnswer(url: URL): void {
    this.#note(url, 'answered');
    for (const wake of [...(this.#waiting.get(url.origin) ?? [])]) wake();
  }

  noteFailure(url: URL, error: ClientError): void {
    if (error.network === 'DISCONNECTED') this.#note(url, error.code);
  }

  /**
   * Resolves when the server answers again, whatever it answers. Of all who wait for one server only the first has it probed.
   * @throws the signal's reason
   */
  async reachable(url: URL, signal: AbortSignal): Promise<void> {
    const answered = new AbortController();
    const wake = (): void => answered.abort(reached);
    const waiting = this.#waiting.get(url.origin) ?? new Set();
    this.#waiting.set(url.origin, waiting.add(wake));
    using linked = linkSignals([signal, answered.signal]);
    try {
      for (let tries = 0; ; tries += 1) {
        await this.#pause(tries, linked.signal);
        const [first] = waiting;
        if (first === wake) await this.#probe(url, linked.signal);
      }
    } catch (error) {
      if (error !== reached) throw error;
    } finally {
      waiting.delete(wake);
      if (waiting.size === 0) this.#waiting.delete(url.origin);
    }
  }

  async #probe(url: URL, signal: AbortSignal): Promise<void> {
    try {
      await this.#means.probe(url, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ClientError) return this.noteFailure(url, error);
      throw error;
    }
    this.noteAnswer(url);
    signal.throwIfAborted();
  }

  /** The wait before a probe; shorter where the machine has got an address meanwhile. */
  async #pause(tries: number, signal: AbortSignal): Promise<void> {
    const { timer, random, hasInterface } = this.#means;
    const bound = probeWaitsMs[Math.min(tries, probeWaitsMs.length - 1)] ?? hintEveryMs;
    let leftMs = bound * (0.5 + random() / 2);
    let before = hasInterface();
    while (leftMs > 0) {
      const ms = Math.min(leftMs, hintEveryMs);
      await wait(timer, ms, signal);
      leftMs -= ms;
      const now = hasInterface();
      if (now && !before) return;
      before = now;
    }
  }

  #note(url: URL, outcome: string): void {
    if (isLoopback(url.hostname)) return;
    this.#outcomes.delete(url.origin);
    this.#outcomes.set(url.origin, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > maxOrigins && oldest !== undefined) this.#outcomes.delete(oldest);
    const isOnline = this.#judge([...this.#outcomes.values()]);
    if (isOnline === this.#isOnline) return;
    this.#isOnline = isOnline;
    for (const listener of [...this.#listeners]) listener(isOnline);
  }

  /** One server that answers is enough; one that is only down does not make a machine offline. */
  #judge(outcomes: string[]): boolean {
    if (outcomes.includes('answered')) return true;
    return !(outcomes.every((code) => ownSide.has(code)) || !this.#means.hasInterface());
  }
}

const reached = Symbol('reached');
