import { setTimeout as delay } from 'node:timers/promises';
import { adoptedCrl, assertNotRolledBack } from '../crl/crl-coverage.js';
import { type PublishedCrl, parseCrlFile } from '../crl/crl-file.js';
import { AuthorityError } from '../error.js';
import type { IssuerState, Registry } from '../ledger/registry.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { FollowedFile } from './followed-file.js';

/** The authority signs a new list within this time after a revocation. */
const patienceMs = 2000;
const lookMs = 25;

/** The lists that the authority keeps in its folder, as another process serves them: it signs none. */
export class FollowedCrls {
  readonly #folder: AuthorityFolder;
  readonly #clock: () => Date;
  readonly #files = new Map<string, FollowedFile<PublishedCrl>>();
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(folder: AuthorityFolder, clock: () => Date) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * The list of an issuer, whole: one that lacks a revocation is waited for, then refused.
   * @param issuerNow  the issuer as the ledger has it at each look
   * @throws {AuthorityError} CRL_NOT_AVAILABLE | CRL_OUTDATED | STORAGE_FAILED | AUTHORITY_DAMAGED, and what `issuerNow` throws
   */
  async get(issuerNow: () => IssuerState): Promise<PublishedCrl> {
    const { id } = issuerNow();
    const wasBehind = this.#isBehind(issuerNow());
    if (wasBehind) await this.#untilRenewed(id, issuerNow);
    const issuer = issuerNow();
    const crl = this.#file(id).read();
    if (crl === undefined || crl.isAdopted) return adoptedCrl(issuer, crl);
    if (crl.revoked < issuer.revokedCount || crl.nextUpdate <= this.#clock()) throw outdated(issuer);
    return crl;
  }

  /** @throws {AuthorityError} LEDGER_ROLLED_BACK | STORAGE_FAILED | AUTHORITY_DAMAGED */
  assertNotRolledBack({ issuers }: Registry): void {
    for (const issuer of issuers.values()) {
      const crl = this.#file(issuer.id).read();
      if (crl !== undefined && !crl.isAdopted) assertNotRolledBack(crl, issuer, this.#folder.crl(issuer.id));
    }
  }

  #isBehind({ id, revokedCount }: IssuerState): boolean {
    const crl = this.#file(id).read();
    return crl !== undefined && !crl.isAdopted && crl.revoked < revokedCount;
  }

  /** One wait for all who ask. */
  #untilRenewed(id: string, issuerNow: () => IssuerState): Promise<void> {
    const waiting = this.#waiting.get(id) ?? this.#wait(issuerNow).finally(() => this.#waiting.delete(id));
    this.#waiting.set(id, waiting);
    return waiting;
  }

  async #wait(issuerNow: () => IssuerState): Promise<void> {
    for (let waitedMs = 0; waitedMs < patienceMs && this.#isBehind(issuerNow()); waitedMs += lookMs) {
      await delay(lookMs);
    }
  }

  #file(id: string): FollowedFile<PublishedCrl> {
    const known = this.#files.get(id);
    if (known !== undefined) return known;
    const path = this.#folder.crl(id);
    const file = new FollowedFile(path, (bytes) => parseCrlFile(bytes, path));
    this.#files.set(id, file);
    return file;
  }
}

const outdated = ({ certificate }: IssuerState): AuthorityError =>
  new AuthorityError(
    'CRL_OUTDATED',
    'The authority has not renewed this list in time: `jpl ca serve` has to run for that.',
    { certificate: certificate.subject.text },
  );
