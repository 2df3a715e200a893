import { AuthorityError } from '../error.js';

export interface RateLimit {
  /** How many requests may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket for each credential. There are as many as credentials, so nobody can fill the memory. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: () => Date;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, clock: () => Date) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** @throws {AuthorityError} RATE_LIMITED */
  take(name: string): void {
    const { burst, perSecond } = this.#limit;
    const atMs = this.#clock().getTime();
    const bucket = this.#buckets.get(name) ?? { tokens: burst, atMs };
    // A clock that was set back gives nothing and takes nothing.
    const passedMs = Math.max(0, atMs - bucket.atMs);
    const tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * perSecond);
    if (tokens < 1) {
      throw new AuthorityError(
        'RATE_LIMITED',
        `At most ${perSecond} requests a second are answered for one credential. Try again in a moment.`,
      );
    }
    this.#buckets.set(name, { tokens: tokens - 1, atMs });
  }
}
