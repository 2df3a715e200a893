import type { FastifyBaseLogger } from 'fastify';
import { type Change, changesAfter, lastChange } from './changes.js';
import type { StoreDatabase } from './database.js';
import { databaseFailureOf } from './database-failure.js';

export interface ChangeWatchOptions {
  readonly database: StoreDatabase;
  /** Told of changes in their order, before anyone who waits for `assureCurrent`. `everything` = not known what. */
  readonly onChanges: (changes: readonly Change[] | 'everything') => void;
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'info'>;
  /** Calls back whenever the database tells of a change by itself; see `listenForChanges`. */
  readonly listen?: ((onTold: () => void) => AsyncDisposable) | undefined;
  /** How often the database is asked, whatever it tells by itself. Milliseconds. */
  readonly lookMs?: number | undefined;
}

const defaultLookMs = 200;

/** What was known this long ago still counts; older, and the database is asked before anything is answered from memory. */
const maxAgeMs = 700;

/**
 * Keeps a process aware of what others, and it itself, have changed. The database is asked a few times a second; who
 * answers out of memory asks `assureCurrent` first, so that nothing held is ever older than `maxAgeMs`, also while the
 * database cannot be reached: then nothing is answered at all.
 */
export class ChangeWatch implements AsyncDisposable {
  readonly #options: ChangeWatchOptions;
  readonly #looking: NodeJS.Timeout;
  readonly #listener: AsyncDisposable | undefined;
  #position: number;
  #knownAt: number;
  #look: Promise<void> | undefined;
  #again = false;
  #isFailing = false;
  #isClosed = false;

  private constructor(options: ChangeWatchOptions, position: number, knownAt: number) {
    this.#options = options;
    this.#position = position;
    this.#knownAt = knownAt;
    this.#looking = setInterval(() => this.#lookQuietly(), options.lookMs ?? defaultLookMs).unref();
    this.#listener = options.listen?.(() => this.#lookQuietly());
  }

  /** What changed before it resolves is not told. @throws {StoreError} DATABASE_UNAVAILABLE */
  static async start(options: ChangeWatchOptions): Promise<ChangeWatch> {
    const at = performance.now();
    return new ChangeWatch(options, await lastChange(options.database.queries), at);
  }

  /** Number of the last change told; whoever keeps things by it drops them when it is another. */
  get position(): number {
    return this.#position;
  }

  /** True while nothing needs to be asked. @param now  as `performance.now()` tells it */
  isCurrentAt(now: number): boolean {
    return now - this.#knownAt < maxAgeMs;
  }

  /**
   * Resolves when every change committed before the last `maxAgeMs` has been told.
   * @throws {StoreError} DATABASE_UNAVAILABLE
   */
  async assureCurrent(): Promise<void> {
    if (!this.isCurrentAt(performance.now())) await this.look();
  }

  /** Resolves when every change committed before this call has been told. @throws {StoreError} DATABASE_UNAVAILABLE */
  look(): Promise<void> {
    if (this.#look === undefined) {
      this.#look = this.#lookOnce().finally(() => {
        this.#look = undefined;
      });
      return this.#look;
    }
    // One that runs already may have asked before the change that the caller knows of.
    const next = (): Promise<void> => this.look();
    return this.#look.then(next, next);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await this.#listener?.[Symbol.asyncDispose]();
    await this.#look?.catch(() => {});
  }

  /** One look at a time, and one more after it for whatever was told meanwhile. */
  #lookQuietly(): void {
    if (this.#isClosed) return;
    if (this.#look !== undefined) {
      this.#again = true;
      return;
    }
    this.look().then(
      () => this.#tellFailing(undefined),
      (error: unknown) => this.#tellFailing(error),
    );
  }

  async #lookOnce(): Promise<void> {
    const { database, onChanges } = this.#options;
    do {
      this.#again = false;
      const at = performance.now();
      try {
        const last = await lastChange(database.queries);
        if (last !== this.#position) {
          const changes =
            last > this.#position ? await changesAfter(database.queries, this.#position) : undefined;
          // A number that went back is another database under the same name: a restored backup.
          onChanges(changes ?? 'everything');
          this.#position = changes?.at(-1)?.sequence ?? last;
        }
      } catch (error) {
        throw databaseFailureOf(error);
      }
      this.#knownAt = at;
    } while (this.#again && !this.#isClosed);
  }

  #tellFailing(error: unknown): void {
    if (this.#isClosed || (error !== undefined) === this.#isFailing) return;
    this.#isFailing = error !== undefined;
    if (this.#isFailing) this.#options.log.warn({ err: error }, 'the database cannot be asked for changes');
    else this.#options.log.info('the database can be asked for changes again');
  }
}
