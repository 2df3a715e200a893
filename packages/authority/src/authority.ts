import type { RevocationPage, RevocationQuery } from '@jami-plugin-store/contract';
import type { Certificate } from '@jami-plugin-store/trust';
import type { AdministrationCaParts } from './administration/administration-ca.js';
import { assertInForce, type CredentialEntry } from './administration/credential-register.js';
import type { AuthorityAdmin } from './authority-admin.js';
import { AuthorityDesk } from './authority-desk.js';
import type { AuthorityParts } from './authority-parts.js';
import type { PublishedCrl } from './crl/crl-file.js';
import { makeAnswerable } from './issuing/make-answerable.js';
import { revocationsAfter } from './ledger/revocation-notices.js';
import { type OcspAnswer, OcspService } from './ocsp/ocsp-service.js';
import { toPem } from './pem.js';
import type { PublicFace } from './public-face.js';

/** An open authority: the only holder of its keys, in this process alone. Made by `openAuthority`. */
export class Authority extends AuthorityDesk implements PublicFace {
  readonly #ocsp: OcspService;
  #closed: Promise<void> | undefined;

  constructor(parts: AuthorityParts) {
    super(parts, { assertMay: () => undefined });
    this.#ocsp = new OcspService({
      registry: parts.registry,
      responders: parts.responders,
      validityMs: parts.settings.validity.ocspMs,
    });
  }

  /** The folder, as it was given. */
  get dir(): string {
    return this.parts.folder.root;
  }

  get clock(): () => Date {
    return this.parts.clock;
  }

  get rootCertificate(): Certificate {
    return this.parts.registry.root.certificate;
  }

  get rootPem(): string {
    return toPem('CERTIFICATE', this.rootCertificate.der);
  }

  /**
   * Makes every responder and CRL that is missing, so that the first clients need not wait. What cannot be made is
   * listed in the status.
   */
  async prepare(): Promise<void> {
    for (const issuer of this.parts.registry.issuers.values()) await makeAnswerable(this.parts, issuer);
  }

  /**
   * Answers an OCSP request (DER). Bad requests are answered, too; nothing is thrown for what a client sends.
   * @throws {AuthorityError} when a responder cannot be renewed: AUTHORITY_CLOSED | LEDGER_NOT_WRITABLE | ISSUER_EXPIRED
   */
  answerOcsp(requestDer: Uint8Array): OcspAnswer | Promise<OcspAnswer> {
    return this.#ocsp.answer(requestDer, this.parts.clock());
  }

  /**
   * The current CRL of an issuer (`root` or a key identifier).
   * @throws {AuthorityError} ISSUER_NOT_FOUND | CRL_NOT_AVAILABLE
   */
  crl(issuerId: string): Promise<PublishedCrl> {
    return this.parts.crls.get(issuerId);
  }

  /** What was revoked, in order; a page at a time. */
  revocations(query: RevocationQuery = {}): RevocationPage {
    return revocationsAfter(this.parts.registry, query);
  }

  watchRevocations(listener: () => void): () => void {
    const { revocationListeners } = this.parts;
    revocationListeners.add(listener);
    return () => void revocationListeners.delete(listener);
  }

  /** An authority that is open is ready. */
  assertReady(): void {
    this.parts.decisions.assertOpen();
  }

  /**
   * The credential a client certificate is, if it opens anything now.
   * @param fingerprint  SHA-256 of the certificate whose key the client has shown to hold, hex
   * @throws {AuthorityError} CREDENTIAL_UNKNOWN | CREDENTIAL_REVOKED | CREDENTIAL_EXPIRED
   */
  credential(fingerprint: string): CredentialEntry['record'] {
    const { registry, clock } = this.parts;
    const entry = registry.credentials.byFingerprint(fingerprint);
    assertInForce(entry, clock());
    return entry.record;
  }

  /** What its administration CA is opened with. */
  get administration(): AdministrationCaParts {
    return this.parts;
  }

  /** Work that failed while the old result still serves; shown in the status. */
  report(error: unknown): void {
    this.parts.troubles.report(error);
  }

  /** The same authority for the holder of a credential: its name is the actor of all that it does. */
  actingFor({ name, fingerprint }: CredentialEntry['record']): AuthorityAdmin {
    return new AuthorityDesk(this.parts, {
      actor: name,
      assertMay: () => void this.credential(fingerprint),
    });
  }

  /** Finishes what is under way, then lets go of the folder. */
  override [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { decisions, ledger, lock, responders, crls } = this.parts;
    await decisions.close();
    await responders.settle();
    await crls.settle();
    await ledger[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
  }
}
