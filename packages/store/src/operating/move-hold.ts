import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { giveLeaseBack, takeLease } from '../revoking/lease.js';

/** One that was killed keeps others out for as long. */
const holdMs = 15_000;
const lookMs = 500;
const keepMs = 2_000;

export interface MoveHold extends AsyncDisposable {
  /** @throws {StoreError} MOVE_UNDER_WAY when another one took it, after this one was stopped for long */
  keep(): Promise<void>;
}

/**
 * One process at a time fills a place. Waits for one that was killed.
 * @throws {StoreError} MOVE_UNDER_WAY where another one goes on with it
 */
export async function holdMove(
  target: StoreDatabase,
  clock: () => Date,
  signal: AbortSignal,
): Promise<MoveHold> {
  const lease = { name: 'move', holder: randomUUID(), forMs: holdMs };
  const take = (): Promise<boolean> => takeLease(target, { ...lease, now: clock().getTime() });
  const taken = (): StoreError =>
    new StoreError('MOVE_UNDER_WAY', `Another process is moving a store to ${target.place}.`);
  for (const giveUpAt = performance.now() + holdMs + keepMs; !(await take()); ) {
    if (performance.now() > giveUpAt) throw taken();
    await pause(lookMs, undefined, { signal });
  }
  let keptAt = performance.now();
  return {
    async keep() {
      if (performance.now() - keptAt < keepMs) return;
      if (!(await take())) throw taken();
      keptAt = performance.now();
    },
    [Symbol.asyncDispose]: () => giveLeaseBack(target, lease.name, lease.holder),
  };
}
