import { DaemonError } from './error.js';
import { typedError } from './error-outcome.js';

export interface Lifetime {
  /** @throws {DaemonError} DAEMON_CLOSED, and every error typed */
  run<Result>(work: (closing: AbortSignal) => Promise<Result>): Promise<Result>;
  /** Cancels what can be cancelled, waits for the rest. False when it was closed before. */
  close(): Promise<boolean>;
}

/** Counts what runs, so that nothing runs any more when the end is told. */
export function lifetime(): Lifetime {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    run: async (work) => {
      if (closing.signal.aborted) throw closed();
      const task = work(closing.signal);
      running.add(task);
      try {
        return await task;
      } catch (error) {
        throw typedError(error);
      } finally {
        running.delete(task);
      }
    },
    close: async () => {
      const isFirst = !closing.signal.aborted;
      closing.abort(closed());
      await Promise.allSettled(running);
      return isFirst;
    },
  };
}

function closed(): DaemonError {
  return new DaemonError('DAEMON_CLOSED', 'The daemon is shutting down.');
}
