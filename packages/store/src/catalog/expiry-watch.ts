import type { FastifyBaseLogger } from 'fastify';
import type { StoreDatabase } from '../database/database.js';
import { lockPlugin, refreshPlugin } from './refresh-plugin.js';

export interface ExpiryWatchOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly log: Pick<FastifyBaseLogger, 'error'>;
}

const lookMs = 5_000;
/** Plugins worked out anew in one look; the rest is not offered meanwhile, and comes next. */
const perLook = 200;

/**
 * Offers something else where what is offered has expired. Nobody is offered what has expired in between either: whoever reads offers holds them
 * against the clock. Any process does it; of several, the second finds nothing left to do.
 */
export class ExpiryWatch implements AsyncDisposable {
  readonly #options: ExpiryWatchOptions;
  readonly #looking: NodeJS.Timeout;
  #look: Promise<void> | undefined;

  constructor(options: ExpiryWatchOptions) {
    this.#options = options;
    this.#looking = setInterval(() => {
      this.look().catch((error: unknown) =>
        options.log.error({ err: error }, 'expired offers were not renewed; tried again soon'),
      );
    }, lookMs).unref();
  }

  /** @throws {StoreError} DATABASE_UNAVAILABLE | DATABASE_BUSY */
  look(): Promise<void> {
    this.#look ??= this.#lookOnce().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#looking);
    await this.#look?.catch(() => {});
  }

  async #lookOnce(): Promise<void> {
    const { database, clock } = this.#options;
    const at = clock();
    const expired = () =>
      database.queries
        .selectFrom('offers')
        .select('plugin_number')
        .distinct()
        .where('expires_at', '<=', at.getTime())
        .orderBy('plugin_number')
        .limit(perLook)
        .execute();
    for (const { plugin_number: plugin } of await expired()) {
      await database.transact(async (tx) => {
        await lockPlugin(tx, database.kind, plugin);
        const still = await tx
          .selectFrom('offers')
          .select('platform')
          .where('plugin_number', '=', plugin)
          .where('expires_at', '<=', at.getTime())
          .limit(1)
          .executeTakeFirst();
        if (still !== undefined) await refreshPlugin(tx, database.kind, plugin, at);
      });
    }
  }
}
