import { AuthorityError } from '../error.js';
import type { IssuerKeys } from '../issuing/issuer-keys.js';
import { keyIdOf } from '../issuing/issuer-material.js';
import { wholeSecond } from '../issuing/validity.js';
import type { IssuerState, Registry } from '../ledger/registry.js';
import type { AuthorityFolder } from '../storage/folder.js';
import type { Troubles } from '../troubles.js';
import { buildCrl, type RevokedEntry } from '../x509/crl-builder.js';
import { adoptedCrl, assertNotRolledBack, coversRevocations } from './crl-coverage.js';
import { loadCrl, type PublishedCrl, publishedCrl, saveCrl } from './crl-file.js';

export interface CrlPublisherOptions {
  readonly folder: AuthorityFolder;
  readonly registry: Registry;
  readonly keys: IssuerKeys;
  readonly clock: () => Date;
  readonly validityMs: number;
  readonly troubles: Troubles;
}

/** How long a failed renewal rests while the published list is still valid. */
const retryMs = 60_000;

/** Keeps one current CRL for each issuer whose key is held here, and those that organizations bring. */
export class CrlPublisher {
  readonly #options: CrlPublisherOptions;
  readonly #current = new Map<string, PublishedCrl>();
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #retryAt = new Map<string, number>();

  constructor(options: CrlPublisherOptions) {
    this.#options = options;
  }

  /**
   * Reads what was published last. A CRL that knows more revocations than the ledger shows that the ledger was taken
   * back: an old copy would turn revoked certificates good again.
   * @throws {AuthorityError} LEDGER_ROLLED_BACK | AUTHORITY_DAMAGED | STORAGE_FAILED
   */
  async load(): Promise<void> {
    const { folder, registry, keys } = this.#options;
    for (const issuer of registry.issuers.values()) {
      const path = folder.crl(issuer.id);
      const crl = await loadCrl(path);
      if (crl === undefined) continue;
      if (keys.has(issuer.id)) assertNotRolledBack(crl, issuer, path);
      this.#current.set(issuer.id, crl);
    }
  }

  /**
   * The CRL of an issuer, renewed when half of its time has passed or when it lacks a revocation.
   * @throws {AuthorityError} ISSUER_NOT_FOUND | CRL_NOT_AVAILABLE, and what renewing throws when none is valid
   */
  async get(issuerId: string): Promise<PublishedCrl> {
    const { registry, keys, clock, troubles } = this.#options;
    const issuer = registry.issuer(issuerId);
    const current = this.#current.get(issuerId);
    if (!keys.has(issuerId)) return adoptedCrl(issuer, current);
    const now = clock();
    if (current !== undefined && !this.#isDue(current, issuer, now)) return current;
    try {
      return await this.#queued(issuer, () => {
        const latest = this.#current.get(issuerId);
        return latest !== undefined && !this.#isDue(latest, issuer, now) ? latest : this.#issue(issuer);
      });
    } catch (error) {
      if (current === undefined || current.nextUpdate <= now || current.revoked < issuer.revokedCount)
        throw error;
      troubles.report(error);
      this.#retryAt.set(issuerId, now.getTime() + retryMs);
      return current;
    }
  }

  /** True when there is, or on request will be, a CRL of this issuer. */
  has(issuerId: string): boolean {
    return this.#options.keys.has(issuerId) || this.#current.has(issuerId);
  }

  /** Waits for what is being made. */
  async settle(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  /** Publishes a CRL that an organization signed itself. The caller has verified it. */
  adopt(issuer: IssuerState, crl: PublishedCrl): Promise<PublishedCrl> {
    return this.#queued(issuer, async () => {
      const current = this.#current.get(issuer.id);
      if (current !== undefined && crl.number <= current.number) {
        throw new AuthorityError(
          'CRL_REFUSED',
          `The number of the list is ${crl.number}; the published one has ${current.number}.`,
        );
      }
      if (!coversRevocations(crl.der, issuer)) {
        throw new AuthorityError('CRL_REFUSED', 'The list lacks a certificate that is revoked here.');
      }
      return this.#keep(issuer.id, crl);
    });
  }

  #isDue(crl: PublishedCrl, issuer: IssuerState, now: Date): boolean {
    const half = (crl.thisUpdate.getTime() + crl.nextUpdate.getTime()) / 2;
    if (crl.revoked < issuer.revokedCount || crl.nextUpdate <= now) return true;
    return now.getTime() >= half && now.getTime() >= (this.#retryAt.get(issuer.id) ?? 0);
  }

  async #issue(issuer: IssuerState): Promise<PublishedCrl> {
    const { keys, clock, validityMs } = this.#options;
    const at = clock();
    const entries = revokedEntries(issuer);
    const thisUpdate = wholeSecond(at.getTime());
    const nextUpdate = wholeSecond(at.getTime() + validityMs);
    // RFC 5280 5.2.3: increasing. Counting in seconds keeps it so when an older copy of the folder is restored.
    const number = Math.max((this.#current.get(issuer.id)?.number ?? 0) + 1, Math.floor(at.getTime() / 1000));
    const der = await buildCrl(
      {
        issuerName: issuer.certificate.subject.der,
        issuerKeyId: keyIdOf(issuer.certificate),
        number,
        thisUpdate,
        nextUpdate,
        entries,
      },
      await keys.get(issuer.id),
    );
    return this.#keep(
      issuer.id,
      publishedCrl({ der, number, thisUpdate, nextUpdate, revoked: entries.length, isAdopted: false }),
    );
  }

  /** On the disk before anybody sees it, so that its number is never used twice. */
  async #keep(issuerId: string, crl: PublishedCrl): Promise<PublishedCrl> {
    await saveCrl(this.#options.folder.crl(issuerId), crl);
    this.#current.set(issuerId, crl);
    return crl;
  }

  #queued<Value>(issuer: IssuerState, work: () => Value | Promise<Value>): Promise<Value> {
    const done = (this.#queues.get(issuer.id) ?? Promise.resolve()).then(work);
    this.#queues.set(
      issuer.id,
      done.catch(() => undefined),
    );
    return done;
  }
}

function revokedEntries(issuer: IssuerState): RevokedEntry[] {
  return [...issuer.issued.values()].flatMap(({ record, revocation }) =>
    revocation === undefined
      ? []
      : [
          {
            serialNumber: Buffer.from(record.serial, 'hex'),
            revokedAt: wholeSecond(revocation.at.getTime()),
            reason: revocation.reason,
          },
        ],
  );
}
