/** Time handed in: runs something once after a while; what it returns calls that off. */
export interface Timer {
  /** @param isAwaited somebody waits for it, so that the process must not end before; a deadline keeps nothing alive */
  after(ms: number, run: () => void, isAwaited?: boolean): () => void;
}

/** The process's own timers. */
export const systemTimer: Timer = {
  after(ms, run, isAwaited = false) {
    const handle = setTimeout(run, ms);
    if (!isAwaited) handle.unref();
    return () => clearTimeout(handle);
  },
};

/** Resolves after `ms`; rejects with the signal's reason as soon as that is aborted. */
export function wait(timer: Timer, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const aborted = (): void => {
      callOff();
      reject(signal.reason);
    };
    const callOff = timer.after(
      ms,
      () => {
        signal.removeEventListener('abort', aborted);
        resolve();
      },
      true,
    );
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/** A signal that aborts when one of its sources does, or at a deadline; released with `using`. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Does work that the deadline does not limit; its time begins anew afterwards. */
  untimed<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Links signals by hand: AbortSignal.any keeps its result alive as long as a long-lived source lives (Node 20).
 * @param deadline after `ms` the signal aborts with `reason()`
 */
export function linkSignals(
  sources: readonly (AbortSignal | undefined)[],
  deadline?: { timer: Timer; ms: number; reason: () => unknown },
): LinkedSignal {
  const controller = new AbortController();
  const releases: (() => void)[] = [];
  for (const source of sources) {
    if (source === undefined) continue;
    const forward = (): void => controller.abort(source.reason);
    if (source.aborted) forward();
    source.addEventListener('abort', forward, { once: true });
    releases.push(() => source.removeEventListener('abort', forward));
  }
  const begin = (): (() => void) =>
    deadline?.timer.after(deadline.ms, () => controller.abort(deadline.reason())) ?? (() => undefined);
  let callOff = begin();
  return {
    signal: controller.signal,
    async untimed(work) {
      callOff();
      try {
        return await work();
      } finally {
        callOff = begin();
      }
    },
    [Symbol.dispose]() {
      callOff();
      for (const release of releases) release();
    },
  };
}
