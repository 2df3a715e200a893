import type { LoadState, PluginLoad } from '@jami-plugin-store/contract';
import { DaemonError } from '../error.js';
import { errorOutcome } from '../error-outcome.js';
import { KeyQueue } from '../install/key-queue.js';
import { given } from '../installed/record.js';
import {
  endedEarly,
  type HostEnd,
  type HostLimits,
  type HostProcess,
  type HostWish,
  startHost,
} from './host-process.js';
import { nothingRegistered } from './load-protocol.js';

/** What is known of one library but whether it is remembered. */
type LoadFacts = Omit<PluginLoad, 'remembered'>;

/** The libraries that run, each in a process of its own. Ids come checked. */
export interface Loads {
  of(id: string): LoadFacts;
  /** Ids whose library runs. */
  running(): string[];
  /**
   * Loads a library; one that runs is left as it is.
   * @throws {DaemonError} the codes of `startHost`, TOO_MANY_PLUGINS_LOADED; the state then says the same
   */
  load(id: string, library: Pick<HostWish, 'library' | 'folder'>): Promise<LoadFacts>;
  /** Lets a library's exit function run and ends its process. False where none ran. */
  stop(id: string): Promise<boolean>;
  /** Says that a library was not even tried, and why. */
  refuse(id: string, error: unknown): void;
  /** Forgets how the last load of a plugin ended. */
  forget(id: string): void;
  /** Stops all of them; none is loaded any more. */
  close(): Promise<void>;
}

export interface LoadsOptions {
  readonly limits: HostLimits;
  readonly maxLoaded: number;
  readonly environment: () => Record<string, string>;
  readonly onChange: (id: string) => void;
}

const unloaded: LoadFacts = { state: 'unloaded', ...nothingRegistered };

export function createLoads(options: LoadsOptions): Loads {
  const facts = new Map<string, LoadFacts>();
  const hosts = new Map<string, HostProcess>();
  /** Loads and stops of one plugin come one after the other, whoever asks for them. */
  const turns = new KeyQueue();
  let starting = 0;
  const closing = new AbortController();

  const change = (id: string, next: LoadFacts): LoadFacts => {
    facts.set(id, next);
    options.onChange(id);
    return next;
  };
  const say = (id: string, state: LoadState, host?: HostProcess): LoadFacts =>
    change(id, {
      state,
      ...given('pid', host?.pid),
      ...(host?.registrations ?? nothingRegistered),
    });

  /** A library that ends without being asked to. */
  const watch = async (id: string, host: HostProcess): Promise<void> => {
    const end = await host.ended;
    if (hosts.get(id) !== host || end.because === 'asked') return;
    hosts.delete(id);
    change(id, failed('crashed', endedEarly(end)));
  };

  const start = async (id: string, library: Pick<HostWish, 'library' | 'folder'>): Promise<LoadFacts> => {
    say(id, 'loading');
    let host: HostProcess | undefined;
    try {
      host = await startHost({
        ...library,
        environment: options.environment(),
        limits: options.limits,
        onRegistered: () => {
          const running = hosts.get(id);
          if (running !== undefined) say(id, 'loaded', running);
        },
        signal: closing.signal,
      });
    } catch (error) {
      if (!closing.signal.aborted) change(id, failed('load-failed', error));
      throw error;
    }
    hosts.set(id, host);
    const loaded = say(id, 'loaded', host);
    void watch(id, host);
    return loaded;
  };

  return {
    of: (id) => facts.get(id) ?? unloaded,
    running: () => [...hosts.keys()],
    load: (id, library) =>
      turns.run(id, async () => {
        closing.signal.throwIfAborted();
        const running = hosts.has(id) ? facts.get(id) : undefined;
        if (running !== undefined) return running;
        if (hosts.size + starting >= options.maxLoaded) throw tooMany(options.maxLoaded);
        starting += 1;
        return await start(id, library).finally(() => {
          starting -= 1;
        });
      }),
    stop: (id) =>
      turns.run(id, async () => {
        const host = hosts.get(id);
        if (host === undefined) return false;
        say(id, 'unloading', host);
        hosts.delete(id);
        const end = await host.stop();
        change(id, { ...unloaded, ...unloadNote(end) });
        return true;
      }),
    refuse: (id, error) => {
      if (!hosts.has(id) && !closing.signal.aborted) change(id, failed('load-failed', error));
    },
    forget: (id) => void facts.delete(id),
    close: async () => {
      closing.abort(new DaemonError('DAEMON_CLOSED', 'The daemon is shutting down.'));
      await Promise.all(
        [...facts.keys()].map((id) =>
          turns.run(id, async () => {
            const host = hosts.get(id);
            hosts.delete(id);
            await host?.stop();
          }),
        ),
      );
    },
  };
}

/** A crash is said to be one, also while the library was being loaded. */
function failed(state: 'load-failed' | 'crashed', error: unknown): LoadFacts {
  const { code, message, detail } = errorOutcome(error);
  return {
    state: code === 'LIBRARY_CRASHED' ? 'crashed' : state,
    code,
    reason: message,
    ...given('signal', detail?.loadEnd?.signal),
    ...given('exitCode', detail?.loadEnd?.exitCode),
    ...nothingRegistered,
  };
}

/** An unload succeeds whatever the library does; what it did is said. */
function unloadNote(end: HostEnd): Partial<LoadFacts> {
  if (end.because === 'silent')
    return { code: 'LIBRARY_TIMED_OUT', reason: 'Its exit function did not return; its process was ended.' };
  // The signal of its orderly end is ours.
  const isOrderly = end.because === 'asked' && (end.signal === 'SIGKILL' || end.signal === undefined);
  if (isOrderly) return {};
  const { code, message } = endedEarly(end);
  return { code, reason: message, ...given('signal', end.signal) };
}

function tooMany(most: number): DaemonError {
  return new DaemonError(
    'TOO_MANY_PLUGINS_LOADED',
    `${most} plugins are loaded already; each has a process of its own. Unload one first.`,
  );
}
