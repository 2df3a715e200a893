import type { RevocationPage, RevocationQuery } from '@jami-plugin-store/contract';
import type { Certificate } from '@jami-plugin-store/trust';
import type { PublishedCrl } from '../crl/crl-file.js';
import { AuthorityError } from '../error.js';
import type { Registry } from '../ledger/registry.js';
import { revocationsAfter } from '../ledger/revocation-notices.js';
import { type OcspAnswer, OcspService } from '../ocsp/ocsp-service.js';
import { toPem } from '../pem.js';
import type { PublicFace } from '../public-face.js';
import type { Settings } from '../settings.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { FollowedCrls } from './followed-crls.js';
import { FollowedResponders } from './followed-responders.js';
import { LedgerFollower } from './ledger-follower.js';

export interface FollowerParts {
  readonly folder: AuthorityFolder;
  readonly settings: Settings;
  readonly clock: () => Date;
  /** Opens the keys of the OCSP signers. */
  readonly passphrase: string | undefined;
  /** Told of what does not go as it should while the old still serves. */
  readonly report: (error: unknown) => void;
}

/** What one reading of the ledger answers from. */
interface Generation {
  readonly registry: Registry;
  readonly ocsp: OcspService;
}

/** How often the ledger is looked at for those who wait for news, where nobody asks. */
const watchMs = 200;

/**
 * Answers from the folder of an authority that another process has open, or nobody at the moment. It reads: the ledger, the signers,
 * the lists. It writes nothing, takes no lock and never opens the keys of the CAs.
 */
export class AuthorityFollower implements PublicFace, AsyncDisposable {
  readonly #parts: FollowerParts;
  readonly #ledger: LedgerFollower;
  readonly #responders: FollowedResponders;
  readonly #crls: FollowedCrls;
  readonly #listeners = new Set<() => void>();
  #generation: Generation | undefined;
  /** Revocations that the listeners were told of. */
  #told = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(parts: FollowerParts) {
    const { folder, passphrase, clock, report } = parts;
    this.#parts = parts;
    this.#ledger = new LedgerFollower(folder.ledger);
    this.#responders = new FollowedResponders({ folder, passphrase, report });
    this.#crls = new FollowedCrls(folder, clock);
  }

  get clock(): () => Date {
    return this.#parts.clock;
  }

  get rootCertificate(): Certificate {
    return this.#now().registry.root.certificate;
  }

  get rootPem(): string {
    return toPem('CERTIFICATE', this.rootCertificate.der);
  }

  /** Reads what the first client would wait for. */
  async prepare(): Promise<void> {
    try {
      this.assertReady();
    } catch (error) {
      this.#parts.report(error);
    }
  }

  /** @throws {AuthorityError} what keeps it from answering; the answer is then `tryLater` */
  answerOcsp(requestDer: Uint8Array): OcspAnswer | Promise<OcspAnswer> {
    const generation = this.#now();
    const { revokedCount } = generation.registry;
    const answer = generation.ocsp.answer(requestDer, this.clock());
    if (!(answer instanceof Promise)) return answer;
    return answer.then((signed) => {
      const later = this.#now();
      // Revoked, or another ledger, while the signature was made: the answer may be wrong by now.
      const isCurrent = later === generation && later.registry.revokedCount === revokedCount;
      return isCurrent ? signed : this.answerOcsp(requestDer);
    });
  }

  async crl(issuerId: string): Promise<PublishedCrl> {
    return this.#crls.get(() => this.#now().registry.issuer(issuerId));
  }

  revocations(query: RevocationQuery = {}): RevocationPage {
    return revocationsAfter(this.#now().registry, query);
  }

  watchRevocations(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#watch ??= setInterval(() => this.#lookForNews(), watchMs).unref();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    };
  }

  assertReady(): void {
    const { registry } = this.#now();
    if (this.#responders.get(registry.root, this.clock()) !== undefined) return;
    throw new AuthorityError('RESPONDER_NOT_AVAILABLE', 'The authority has made no signer of answers yet.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    this.#listeners.clear();
  }

  /** What the ledger says at this moment. */
  #now(): Generation {
    const registry = this.#ledger.refresh();
    if (this.#generation?.registry !== registry) this.#generation = this.#begin(registry);
    if (registry.revokedCount !== this.#told) {
      this.#told = registry.revokedCount;
      for (const listener of this.#listeners) listener();
    }
    return this.#generation;
  }

  #begin(registry: Registry): Generation {
    this.#crls.assertNotRolledBack(registry);
    const { validity } = this.#parts.settings;
    const ocsp = new OcspService({ registry, responders: this.#responders, validityMs: validity.ocspMs });
    return { registry, ocsp };
  }

  #lookForNews(): void {
    try {
      this.#now();
    } catch (error) {
      this.#parts.report(error);
    }
  }
}
