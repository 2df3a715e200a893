import type { AuthorityStatus } from '@jami-plugin-store/contract';
import { AuthorityError } from './error.js';

const maxTroubles = 20;

/** Work that was due and failed while the old result still serves. Shown in the status, not thrown at a client. */
export class Troubles {
  readonly #clock: () => Date;
  readonly #byMessage = new Map<string, AuthorityStatus['troubles'][number]>();

  constructor(clock: () => Date) {
    this.#clock = clock;
  }

  report(error: unknown): void {
    const code = error instanceof AuthorityError ? error.code : 'INTERNAL_ERROR';
    const message = error instanceof Error ? error.message : String(error);
    this.#byMessage.delete(message);
    this.#byMessage.set(message, { code, message, at: this.#clock().toISOString() });
    const [oldest] = this.#byMessage.keys();
    if (this.#byMessage.size > maxTroubles && oldest !== undefined) this.#byMessage.delete(oldest);
  }

  /** Latest last. */
  list(): AuthorityStatus['troubles'] {
    return [...this.#byMessage.values()];
  }
}
