import { randomBytes } from 'node:crypto';
import type {
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  DelegationRequest,
  IssuedCertificate,
  Issuer,
  RevocationOutcome,
} from '@jami-plugin-store/contract';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import type {
  ActorOption,
  AuthorityAdmin,
  CertificateSearch,
  NewOrganization,
  OrganizationOptions,
  PluginOptions,
  RenewalOptions,
  Revocation,
} from './authority-admin.js';
import type { PublishedCrl } from './crl/crl-file.js';
import type { CrlPublisher } from './crl/crl-publisher.js';
import { AuthorityError } from './error.js';
import { readOrganizationCrl } from './issuing/adoption.js';
import { adoptDelegation, registerCertificate, requestDelegation } from './issuing/delegation.js';
import type { IssuerKeys } from './issuing/issuer-keys.js';
import { keyIdOf } from './issuing/issuer-material.js';
import { organizationExtensions, pluginExtensions } from './issuing/profiles.js';
import {
  assertKeyIsFree,
  assertNameIsFree,
  assertNotRevoked,
  organizationToRenew,
} from './issuing/request-checks.js';
import { type SigningOrder, signCertificate } from './issuing/sign-certificate.js';
import { statusUrls } from './issuing/status-urls.js';
import { daysToMs } from './issuing/validity.js';
import type { Ledger } from './ledger/ledger.js';
import { findEntry, pageOf } from './ledger/lookup.js';
import type { LedgerRecord } from './ledger/record.js';
import {
  certificateDer,
  describeEntry,
  type Entry,
  type IssuerState,
  type Registry,
} from './ledger/registry.js';
import { type OcspAnswer, OcspService } from './ocsp/ocsp-service.js';
import type { ResponderKeys } from './ocsp/responder-keys.js';
import { toPem } from './pem.js';
import type { Settings } from './settings.js';
import type { AuthorityFolder } from './storage/folder.js';
import type { FolderLock } from './storage/lock.js';
import type { Troubles } from './troubles.js';
import { createKeyAndCsr } from './x509/create-key-and-csr.js';
import { type CertificationRequest, readRequest } from './x509/csr.js';
import { assertReason } from './x509/revocation-reason.js';
import { commonName, readSubject, type Subject } from './x509/subject.js';

/** What `openAuthority` puts together. */
export interface AuthorityParts {
  readonly folder: AuthorityFolder;
  readonly settings: Settings;
  readonly clock: () => Date;
  readonly passphrase: string | undefined;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly keys: IssuerKeys;
  readonly crls: CrlPublisher;
  readonly responders: ResponderKeys;
  readonly troubles: Troubles;
  readonly lock: FolderLock;
}

/** An open authority: the only holder of its keys, in this process alone. Made by `openAuthority`. */
export class Authority implements AuthorityAdmin {
  readonly #parts: AuthorityParts;
  readonly #ocsp: OcspService;
  /** One decision at a time, so that what was checked still holds when it is written. */
  #decisions: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(parts: AuthorityParts) {
    this.#parts = parts;
    this.#ocsp = new OcspService({
      registry: parts.registry,
      responders: parts.responders,
      validityMs: parts.settings.validity.ocspMs,
    });
  }

  /** The folder, as it was given. */
  get dir(): string {
    return this.#parts.folder.root;
  }

  get clock(): () => Date {
    return this.#parts.clock;
  }

  get rootCertificate(): Certificate {
    return this.#parts.registry.root.certificate;
  }

  get rootPem(): string {
    return toPem('CERTIFICATE', this.rootCertificate.der);
  }

  /**
   * Makes every responder and CRL that is missing, so that the first clients need not wait. What cannot be made is
   * listed in the status.
   */
  async prepare(): Promise<void> {
    const { registry, keys, responders, crls, clock, troubles } = this.#parts;
    for (const issuer of registry.issuers.values()) {
      if (!keys.has(issuer.id)) continue;
      try {
        await responders.get(issuer, clock());
        await crls.get(issuer.id);
      } catch (error) {
        troubles.report(error);
      }
    }
  }

  /**
   * Answers an OCSP request (DER). Bad requests are answered, too; nothing is thrown for what a client sends.
   * @throws {AuthorityError} when a responder cannot be renewed: AUTHORITY_CLOSED | LEDGER_NOT_WRITABLE | ISSUER_EXPIRED
   */
  answerOcsp(requestDer: Uint8Array, now: Date = this.#parts.clock()): Promise<OcspAnswer> {
    return this.#ocsp.answer(requestDer, now);
  }

  /**
   * The current CRL of an issuer (`root` or a key identifier).
   * @throws {AuthorityError} ISSUER_NOT_FOUND | CRL_NOT_AVAILABLE
   */
  crl(issuerId: string): Promise<PublishedCrl> {
    return this.#parts.crls.get(issuerId);
  }

  async status(): Promise<AuthorityStatus> {
    const { settings, registry, ledger, troubles } = this.#parts;
    return {
      name: settings.name,
      baseUrl: settings.baseUrl,
      rootFingerprint: registry.root.entry.record.fingerprint,
      rootNotAfter: registry.root.entry.record.notAfter,
      issued: registry.entries.length,
      revoked: registry.revokedCount,
      ledgerHead: ledger.head,
      troubles: troubles.list(),
    };
  }

  async listIssuers(): Promise<readonly Issuer[]> {
    const { registry, keys, responders } = this.#parts;
    return [...registry.issuers.values()].map(({ id, entry }) => ({
      id,
      subject: entry.record.subject,
      ...(entry.record.organization === undefined ? {} : { organization: entry.record.organization }),
      keyHeldHere: keys.has(id),
      answersOcsp: responders.has(id),
      publishesCrl: this.#parts.crls.has(id),
      notAfter: entry.record.notAfter,
      revoked: entry.revocation !== undefined,
    }));
  }

  async listCertificates(query: CertificateSearch = {}): Promise<CertificatePage> {
    return pageOf(this.#parts.registry.entries, query);
  }

  async findCertificate(reference: string): Promise<IssuedCertificate> {
    return this.#describe(findEntry(this.#parts.registry, reference));
  }

  issueOrganization(csr: Uint8Array, options: OrganizationOptions = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const request = await readRequest(csr, { use: 'organization' });
      return this.#certifyOrganization(request, options);
    });
  }

  createOrganization(wanted: NewOrganization): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const { keys, clock, registry } = this.#parts;
      const { privateKey, csrPem } = await createKeyAndCsr({
        subject: { C: wanted.country, O: wanted.organizationName, CN: wanted.commonName },
        keyType: wanted.keyType ?? 'ec-p256',
      });
      const request = await readRequest(Buffer.from(csrPem), { use: 'organization' });
      assertNameIsFree(registry, commonName(request.subject), clock());
      await keys.add(request.keyId, privateKey);
      return this.#certifyOrganization(request, wanted);
    });
  }

  renewOrganization(organization: string, options: RenewalOptions = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const { registry, keys } = this.#parts;
      const entry = registry.organizations.get(organization)?.entry;
      if (entry === undefined) {
        throw new AuthorityError(
          'ORGANIZATION_NOT_FOUND',
          `No organization has the serial number ${organization}.`,
        );
      }
      const privateKey = await keys.get(entry.record.keyId);
      const CN = commonName(recordedSubject(entry));
      const { csrPem } = await createKeyAndCsr({ subject: { CN }, privateKey });
      const request = await readRequest(Buffer.from(csrPem), { use: 'organization' });
      return this.#certifyOrganization(request, { ...options, organization });
    });
  }

  issuePlugin(csr: Uint8Array, options: PluginOptions): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const { registry, settings } = this.#parts;
      const issuer = registry.issuer(options.issuer);
      if (issuer.id === 'root') {
        throw new AuthorityError(
          'ARGUMENT_INVALID',
          'Plugin certificates are issued by an organization, not by the root.',
        );
      }
      assertNotRevoked(issuer);
      const request = await readRequest(csr, { use: 'plugin' });
      assertKeyIsFree(registry, request, { kind: 'plugin' });
      return this.#issue({
        issuer,
        kind: 'plugin',
        subject: request.subject,
        spki: request.spki,
        extensions: pluginExtensions(
          request.spki,
          keyIdOf(issuer.certificate),
          statusUrls(settings.baseUrl, issuer.id),
        ),
        lengthMs: daysToMs(options.validityDays, settings.validity.pluginMs),
        actor: options.actor,
      });
    });
  }

  revoke(request: Revocation): Promise<RevocationOutcome> {
    return this.#decide(async () => {
      const { registry, crls, keys, clock } = this.#parts;
      const { reason } = request;
      assertReason(reason);
      const entry = findEntry(registry, request.certificate, request.issuer);
      assertRevocable(entry);
      const already = entry.revocation !== undefined;
      const { issuer, serial } = entry.record;
      if (!already) {
        await this.#write({
          type: 'revoked',
          at: clock().toISOString(),
          ...(request.actor === undefined ? {} : { actor: request.actor }),
          issuer,
          serial,
          reason,
        });
      }
      // Also for a repeated call: the first one may have failed between ledger and CRL.
      const crl = keys.has(issuer) ? await crls.get(issuer) : undefined;
      return {
        certificate: describeEntry(entry),
        already,
        ...(crl === undefined ? {} : { crlNumber: crl.number }),
      };
    });
  }

  requestDelegation(issuerId: string): Promise<DelegationRequest> {
    return this.#decide(() => requestDelegation(this.#parts, issuerId));
  }

  adoptDelegation(certificate: Uint8Array, options: ActorOption = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const adopted = await adoptDelegation(this.#parts, certificate, options.actor);
      if (adopted.record !== undefined) await this.#write(adopted.record);
      await this.#parts.responders.adopt(adopted.issuerId, adopted.key, adopted.certificate);
      return this.findCertificate(adopted.certificate.fingerprint);
    });
  }

  registerCertificate(certificate: Uint8Array, options: ActorOption = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const found = registerCertificate(this.#parts, certificate, options.actor);
      return this.#describe('known' in found ? found.known : await this.#write(found.record));
    });
  }

  adoptCrl(issuerId: string, crl: Uint8Array): Promise<AdoptedCrl> {
    return this.#decide(async () => {
      const { registry, keys, crls, clock } = this.#parts;
      const issuer = registry.issuer(issuerId);
      if (keys.has(issuerId)) {
        throw new AuthorityError('CRL_REFUSED', 'The list of this issuer is made here.');
      }
      const published = await crls.adopt(issuer, readOrganizationCrl(crl, issuer, clock()));
      return { issuer: issuerId, crlNumber: published.number };
    });
  }

  /** Finishes what is under way, then lets go of the folder. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { ledger, lock, responders, crls } = this.#parts;
    await this.#decisions;
    await responders.settle();
    await crls.settle();
    await ledger[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
  }

  async #certifyOrganization(
    request: CertificationRequest,
    options: OrganizationOptions,
  ): Promise<IssuedCertificate> {
    const { registry, settings, clock } = this.#parts;
    const { organization: renewed } = options;
    assertKeyIsFree(registry, request, { kind: 'organization', organization: renewed });
    const { id, subject } =
      renewed === undefined
        ? this.#newOrganization(request)
        : { id: renewed, subject: recordedSubject(organizationToRenew(registry, renewed, request).entry) };
    if (renewed === undefined) assertNameIsFree(registry, commonName(subject), clock());
    const { root } = registry;
    return this.#issue({
      issuer: root,
      kind: 'organization',
      subject,
      spki: request.spki,
      extensions: organizationExtensions(
        request.spki,
        keyIdOf(root.certificate),
        statusUrls(settings.baseUrl, root.id),
      ),
      lengthMs: daysToMs(options.validityDays, settings.validity.organizationMs),
      organization: id,
      actor: options.actor,
    });
  }

  /** Random, not counted: a restored old copy of the folder must not assign a number again. */
  #newOrganization(request: CertificationRequest): { id: string; subject: Subject } {
    const id = randomBytes(16).toString('hex').toUpperCase();
    return { id, subject: [...request.subject, { name: 'serialNumber', value: id }] };
  }

  async #issue(order: Omit<SigningOrder, 'at'>): Promise<IssuedCertificate> {
    const record = await signCertificate({ ...order, at: this.#parts.clock() }, this.#parts.keys);
    return this.#describe(await this.#write(record));
  }

  /** On the disk first, then known. */
  async #write(record: LedgerRecord): Promise<Entry> {
    await this.#parts.ledger.append(record);
    return this.#parts.registry.apply(record);
  }

  #describe(entry: Entry): IssuedCertificate {
    const pem = toPem('CERTIFICATE', certificateDer(entry));
    return { ...describeEntry(entry), pem, chainPem: pem + this.#issuersBelowRoot(entry) };
  }

  #issuersBelowRoot({ record }: Entry): string {
    if (record.issuer === 'root') return '';
    const issuer: IssuerState = this.#parts.registry.issuer(record.issuer);
    return toPem('CERTIFICATE', issuer.certificate.der);
  }

  #decide<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closed !== undefined) {
      return Promise.reject(new AuthorityError('AUTHORITY_CLOSED', 'The authority is closed.'));
    }
    const done = this.#decisions.then(work);
    this.#decisions = done.catch(() => undefined);
    return done;
  }
}

function assertRevocable({ record }: Entry): void {
  if (record.kind === 'root') {
    throw new AuthorityError(
      'ROOT_NOT_REVOCABLE',
      'A root cannot revoke itself: clients must be told to stop trusting it.',
      { certificate: record.subject },
    );
  }
  if (record.kind === 'responder') {
    throw new AuthorityError(
      'RESPONDER_NOT_REVOCABLE',
      'Nobody asks about a responder certificate (id-pkix-ocsp-nocheck): it is short-lived and is replaced.',
      { certificate: record.subject },
    );
  }
}

/** The name of an organization stays, octet by octet: it is what its CRL and certificates chain to. */
function recordedSubject(entry: Entry): Subject {
  const name = parseCertificate(certificateDer(entry)).subject.der;
  return readSubject(nameContent(name));
}

/** Content of a Name's outer SEQUENCE. */
function nameContent(der: Uint8Array): Uint8Array {
  const first = der[1] ?? 0;
  return der.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
