import type { FastifyBaseLogger } from 'fastify';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';

/** One package that somebody now has. */
export interface Download {
  readonly plugin: number;
  readonly release: number;
  /** As asked for; by digest, the package's own, `*` where it has several or none. */
  readonly platform: string;
}

export interface DownloadCounterOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  /** Milliseconds. */
  readonly everyMs?: number | undefined;
}

type Count = Download & { readonly day: number; count: number };

const defaultEveryMs = 10_000;
const dayMs = 24 * 60 * 60 * 1000;

/** Different counts held; where the database cannot be reached for so long, what comes then is not counted. */
const maxHeld = 20_000;
const batchSize = 200;

/**
 * Counts downloads by day, release and platform, and nothing else: no address, no time. Written together every few seconds and at the end, so
 * that a download costs no transaction.
 */
export class DownloadCounter implements AsyncDisposable {
  readonly #options: DownloadCounterOptions;
  readonly #writing: NodeJS.Timeout;
  #counts = new Map<string, Count>();
  #flush: Promise<void> | undefined;

  constructor(options: DownloadCounterOptions) {
    this.#options = options;
    this.#writing = setInterval(() => void this.#flushQuietly(), options.everyMs ?? defaultEveryMs).unref();
  }

  count({ plugin, release, platform }: Download): void {
    const day = Math.floor(this.#options.clock().getTime() / dayMs);
    this.#add({ plugin, release, platform, day, count: 1 });
  }

  /** Writes what was counted so far. @throws {StoreError} DATABASE_UNAVAILABLE | DATABASE_BUSY; it is kept then */
  async flush(): Promise<void> {
    this.#flush ??= this.#flushOnce().finally(() => {
      this.#flush = undefined;
    });
    await this.#flush;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#writing);
    await this.#flush?.catch(() => {});
    await this.#flushQuietly();
  }

  async #flushQuietly(): Promise<void> {
    await this.flush().catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'downloads could not be counted in the database; tried again'),
    );
  }

  async #flushOnce(): Promise<void> {
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    try {
      await this.#options.database.transact((tx) => writeCounts(tx, counts));
    } catch (error) {
      for (const count of counts) this.#add(count);
      throw error;
    }
  }

  #add(given: Count): void {
    const { release, platform, day, count } = given;
    const key = `${release} ${platform} ${day}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += count;
    else if (this.#counts.size < maxHeld) this.#counts.set(key, { ...given });
  }
}

async function writeCounts(tx: StoreTransaction, counts: readonly Count[]): Promise<void> {
  // In one order, so that two processes that write at once do not wait for each other in a circle.
  const ordered = [...counts].sort(
    (a, b) => a.release - b.release || a.day - b.day || (a.platform < b.platform ? -1 : 1),
  );
  for (let next = 0; next < ordered.length; next += batchSize) {
    const rows = ordered.slice(next, next + batchSize).map(({ plugin, release, platform, day, count }) => ({
      plugin_number: plugin,
      release_number: release,
      platform,
      day,
      count,
    }));
    await tx
      .insertInto('downloads')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['release_number', 'platform', 'day']).doUpdateSet((builder) => ({
          count: builder('downloads.count', '+', builder.ref('excluded.count')),
        })),
      )
      .execute();
  }
  const totals = new Map<number, number>();
  for (const { plugin, count } of counts) totals.set(plugin, (totals.get(plugin) ?? 0) + count);
  for (const [plugin, count] of [...totals].sort(([a], [b]) => a - b)) {
    await tx
      .updateTable('plugins')
      .set((builder) => ({ downloads: builder('downloads', '+', count) }))
      .where('number', '=', plugin)
      .execute();
  }
}
