import { AuthorityError } from './error.js';

/** One decision at a time, so that what was checked still holds when it is written. */
export class DecisionQueue {
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /** @throws {AuthorityError} AUTHORITY_CLOSED */
  assertOpen(): void {
    if (this.#isClosed) throw new AuthorityError('AUTHORITY_CLOSED', 'The authority is closed.');
  }

  /** @throws {AuthorityError} AUTHORITY_CLOSED, and what the work throws */
  async decide<Value>(work: () => Promise<Value>): Promise<Value> {
    this.assertOpen();
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Takes no more, and resolves when the last one is decided. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }
}
