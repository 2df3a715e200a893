import { BoundedCache } from '../serving/bounded-cache.js';
import type { ContentCoding } from '../serving/content-coding.js';
import { type PreparedBody, prepareJson } from '../serving/prepared-body.js';

const cacheLimits = { maxEntries: 2_048, maxBytes: 64 * 1024 * 1024, maxMaking: 16 };

/** Downloads are counted, and certificates expire, without anybody noting a change. */
const maxAgeMs = 5_000;

export interface HeldAnswersOptions {
  readonly watch: {
    readonly position: number;
    assureCurrent(): Promise<void>;
  };
  readonly clock: () => Date;
}

/** What an answer is made for: the one instant that counts in it. */
type MakeAnswer = (at: Date) => Promise<PreparedBody>;

/** A value as of one instant, and the languages of the texts inside. */
export type MakeValue = (at: Date) => Promise<{ value: object; languages?: readonly string[] }>;

/** Answers made out of the database, kept for a few seconds and while nothing in the store changes. */
export class HeldAnswers {
  readonly #options: HeldAnswersOptions;
  readonly #cache = new BoundedCache<PreparedBody>(cacheLimits, (body) => body.weight);
  #position = -1;
  #since = Number.NEGATIVE_INFINITY;

  constructor(options: HeldAnswersOptions) {
    this.#options = options;
  }

  /**
   * @param key  of everything the answer depends on but time and the store
   * @throws {StoreError} DATABASE_UNAVAILABLE, and whatever making it throws
   */
  async get(key: string, make: MakeAnswer): Promise<PreparedBody> {
    const { watch, clock } = this.#options;
    await watch.assureCurrent();
    const at = clock();
    const age = at.getTime() - this.#since;
    if (watch.position !== this.#position || age < 0 || age >= maxAgeMs) {
      this.#cache.clear();
      this.#position = watch.position;
      this.#since = at.getTime();
    }
    return await this.#cache.get(key, () => make(at));
  }

  /** As {@link get}, of JSON in the one coding that is wanted. */
  json(key: string, coding: ContentCoding, make: MakeValue): Promise<PreparedBody> {
    return this.get(`${coding} ${key}`, async (at) => {
      const { value, languages } = await make(at);
      return await prepareJson(value, languages, coding);
    });
  }
}
