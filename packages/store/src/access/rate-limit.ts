/** So many at once, then so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was true, in the meter's milliseconds. */
  at: number;
}

/** Keys that are remembered; all others share one bucket until some are at rest again. */
const defaultMaxKeys = 10_000;
const lookAgainMs = 1_000;

/**
 * Token buckets, one a key, in the memory of this process and nowhere else. Its size is bounded: where there are more keys than it holds,
 * the new ones share one bucket, so that coming from very many addresses gains nothing.
 */
export class RateLimit {
  readonly #rate: Rate;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #others: Bucket;
  #lookAgainAt = 0;

  constructor(rate: Rate, maxKeys = defaultMaxKeys) {
    this.#rate = rate;
    this.#maxKeys = maxKeys;
    this.#others = { tokens: rate.burst, at: 0 };
  }

  /**
   * Takes one of the key's tokens.
   * @param now  milliseconds of a clock that only rises
   * @returns 0 = it may go on; else the seconds after which it would be worth trying again
   */
  take(key: string, now: number): number {
    const bucket = this.#bucketOf(key, now);
    const { burst, perSecond } = this.#rate;
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    bucket.at = Math.max(now, bucket.at);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens -= 1;
    return 0;
  }

  /** As {@link take}, without taking. */
  waitOf(key: string, now: number): number {
    const { tokens, at } =
      this.#buckets.get(key) ?? (this.#isFull(now) ? this.#others : { tokens: 1, at: now });
    const left = tokens + (Math.max(0, now - at) / 1000) * this.#rate.perSecond;
    return left >= 1 ? 0 : Math.max(1, Math.ceil((1 - left) / this.#rate.perSecond));
  }

  get size(): number {
    return this.#buckets.size;
  }

  #bucketOf(key: string, now: number): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#isFull(now)) return this.#others;
    const bucket = { tokens: this.#rate.burst, at: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Whether there is room for no other key, also after forgetting those at rest: a full bucket is as good as none. */
  #isFull(now: number): boolean {
    if (this.#buckets.size < this.#maxKeys) return false;
    // Looking through all of them for each new key would be work without bound.
    if (now < this.#lookAgainAt) return true;
    const { burst, perSecond } = this.#rate;
    for (const [key, { tokens, at }] of this.#buckets) {
      if (tokens + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(key);
    }
    this.#lookAgainAt = now + lookAgainMs;
    return this.#buckets.size >= this.#maxKeys;
  }
}
