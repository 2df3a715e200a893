/**
 * Runs two stages at the same time, and answers as if they ran one after the other. The second one's failure waits for
 * the first one's answer; the first one's failure stops the second. The caller's signal stops both.
 */
export async function inOrder<A, B>(
  signal: AbortSignal | undefined,
  first: (stop: AbortSignal) => Promise<A>,
  second: (stop: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const decided = new AbortController();
  const stop = signal ? AbortSignal.any([signal, decided.signal]) : decided.signal;
  const [firstResult, secondResult] = await Promise.allSettled([
    orAborted(first(stop), signal).catch((error: unknown) => {
      decided.abort(error);
      throw error;
    }),
    second(stop),
  ]);
  signal?.throwIfAborted();
  if (firstResult.status === 'rejected') throw firstResult.reason;
  if (secondResult.status === 'rejected') throw secondResult.reason;
  return [firstResult.value, secondResult.value];
}

/** An asker that ignores the signal must not keep the caller waiting. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
