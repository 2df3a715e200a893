import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import type { StoreDatabase } from '../database/database.js';
import type { ChainPolicy } from '../publishing/issued-chain.js';
import { askCertificate } from './ask-certificate.js';
import { doubtCertificate } from './doubts.js';
import { giveLeaseBack, takeLease } from './lease.js';
import { listenForRevocations } from './revocation-notices.js';

export interface RevocationWatchOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  /** Asks fresh. */
  readonly policy: (at: Date) => ChainPolicy;
  /** Public listener of the authority whose notices are heeded; without, only asking finds revocations. */
  readonly authorityUrl?: string | undefined;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
  /** Each certificate in use is asked about this often. Milliseconds. */
  readonly everyMs?: number | undefined;
}

const defaultEveryMs = 60 * 60 * 1000;
/** How often is looked whether something is due. */
const lookMs = 5_000;
/** Certificates asked about in one look, and at the same time. */
const perLook = 200;
const atOnce = 8;
const lease = 'revocation-round';
const leaseMs = 120_000;
const positionSetting = 'revocation-position';

/**
 * Finds out what was revoked. Two ways: an authority's notices hold back what they name in the same second, in every process, until its
 * responder has answered; and every certificate in use is asked about now and then, which finds the revocations of other authorities.
 */
export class RevocationWatch implements AsyncDisposable {
  readonly #options: RevocationWatchOptions;
  readonly #holder = randomUUID();
  readonly #looking: NodeJS.Timeout;
  readonly #notices: AsyncDisposable | undefined;
  #round: Promise<void> | undefined;
  #doubts: Promise<void> | undefined;
  #moreDoubts = false;
  #isClosed = false;

  constructor(options: RevocationWatchOptions) {
    this.#options = options;
    this.#looking = setInterval(() => void this.look(), lookMs).unref();
    const { authorityUrl, log } = options;
    if (authorityUrl !== undefined) {
      this.#notices = listenForRevocations({
        url: authorityUrl,
        position: () => this.#position(),
        onNotice: async ({ sequence, fingerprint, reason }) => {
          await this.heed(fingerprint, `its authority says it was revoked (${reason})`);
          await this.#keepPosition(sequence);
        },
        onRolledBack: () => this.#keepPosition(0),
        log,
      });
    }
  }

  /** Holds back what a certificate signed, then asks. Resolves when it is held back; the answer comes when it comes. */
  async heed(sha256: string, reason: string): Promise<void> {
    const { database, clock } = this.#options;
    // Whoever doubted it first asks; where that process died, the next look does.
    if (await doubtCertificate(database, sha256, reason, clock())) this.#askDoubted();
  }

  /** Asks about whatever is due, if no other process does; resolves when that is done. */
  look(): Promise<void> {
    this.#round ??= this.#lookOnce().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#looking);
    await this.#notices?.[Symbol.asyncDispose]();
    await Promise.all([this.#round, this.#doubts]);
    await giveLeaseBack(this.#options.database, lease, this.#holder).catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'a lease was not given back; it ends by itself'),
    );
  }

  async #lookOnce(): Promise<void> {
    const { database, clock, log } = this.#options;
    try {
      const now = clock().getTime();
      if (!(await takeLease(database, { name: lease, holder: this.#holder, now, forMs: leaseMs }))) return;
      this.#askDoubted();
      await this.#askAll(await this.#inUse());
      await this.#doubts;
    } catch (error) {
      log.error({ err: error }, 'revocation was not asked about; tried again soon');
    }
  }

  /** Asks about everything in doubt; while that goes on, what is added is asked about after it. */
  #askDoubted(): void {
    this.#moreDoubts = true;
    this.#doubts ??= this.#settleDoubts().finally(() => {
      this.#doubts = undefined;
    });
  }

  async #settleDoubts(): Promise<void> {
    try {
      while (this.#moreDoubts && !this.#isClosed) {
        this.#moreDoubts = false;
        await this.#askAll(await this.#doubted());
      }
    } catch (error) {
      this.#options.log.error({ err: error }, 'doubts were not asked about; tried again soon');
    }
  }

  async #askAll(certificates: readonly string[]): Promise<void> {
    const next = certificates.values();
    const ask = async (): Promise<void> => {
      for (const sha256 of next) {
        if (this.#isClosed) return;
        const answer = await askCertificate(this.#options, sha256);
        if (answer === 'revoked')
          this.#options.log.warn({ certificate: sha256 }, 'a certificate was revoked');
      }
    };
    await Promise.all(Array.from({ length: atOnce }, ask));
  }

  async #doubted(): Promise<string[]> {
    const rows = await this.#options.database.queries
      .selectFrom('doubted_certificates')
      .select('sha256')
      .limit(perLook)
      .execute();
    return rows.map(({ sha256 }) => sha256);
  }

  /** Certificates below a root of what is offered or waits, not asked about for a while; those never asked first. */
  async #inUse(): Promise<string[]> {
    const { database, clock, everyMs = defaultEveryMs } = this.#options;
    const now = clock().getTime();
    const rows = await database.queries
      .selectFrom('certificates')
      .select('certificates.sha256')
      .where('certificates.revoked_at', 'is', null)
      .where('certificates.not_after', '>', now)
      .where((where) =>
        where.or([
          where('certificates.asked_at', 'is', null),
          where('certificates.asked_at', '<=', now - everyMs),
        ]),
      )
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('package_certificates')
            .innerJoin('packages', 'packages.number', 'package_certificates.package_number')
            .select('packages.number')
            .whereRef('package_certificates.certificate', '=', 'certificates.sha256')
            .where('packages.state', 'in', ['review', 'published'])
            .where('packages.revoked_at', 'is', null)
            .where(({ exists: isThere, selectFrom: from }) =>
              isThere(
                from('package_certificates as above')
                  .select('above.position')
                  .whereRef('above.package_number', '=', 'package_certificates.package_number')
                  .whereRef('above.position', '>', 'package_certificates.position'),
              ),
            ),
        ),
      )
      .orderBy((order) => order.fn.coalesce('certificates.asked_at', order.lit(0)))
      .limit(perLook)
      .execute();
    return rows.map(({ sha256 }) => sha256);
  }

  async #position(): Promise<number> {
    const row = await this.#options.database.queries
      .selectFrom('settings')
      .select('value')
      .where('name', '=', positionSetting)
      .executeTakeFirst();
    return Number(row?.value ?? 0);
  }

  async #keepPosition(sequence: number): Promise<void> {
    const value = String(sequence);
    await this.#options.database.queries
      .insertInto('settings')
      .values({ name: positionSetting, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }
}
