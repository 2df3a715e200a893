import type {
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  Credential,
  DelegationRequest,
  IssuedCertificate,
  IssuedCredential,
  Issuer,
  RequestCheck,
  RevocationOutcome,
} from '@jami-plugin-store/contract';
import { AdministrationCa } from './administration/administration-ca.js';
import { type CredentialEntry, describeCredential } from './administration/credential-register.js';
import { type NewCredential, prepareCredential } from './administration/issue-credential.js';
import type {
  ActorOption,
  AuthorityAdmin,
  CertificateSearch,
  CredentialRevocation,
  NewOrganization,
  OrganizationOptions,
  PluginOptions,
  RenewalOptions,
  RequestCheckOptions,
  Revocation,
} from './authority-admin.js';
import type { AuthorityParts } from './authority-parts.js';
import { describeIssuers, describeStatus } from './describe-authority.js';
import { AuthorityError } from './error.js';
import { readOrganizationCrl } from './issuing/adoption.js';
import { type Certification, certifyOrganization, certifyPlugin } from './issuing/certification.js';
import { checkRequest } from './issuing/check-request.js';
import { adoptDelegation, registerCertificate, requestDelegation } from './issuing/delegation.js';
import { hostedKeyRequest, requestForHosted } from './issuing/hosted-organization.js';
import { makeAnswerable } from './issuing/make-answerable.js';
import { assertRevocable } from './issuing/request-checks.js';
import { signCertificate } from './issuing/sign-certificate.js';
import { grantedBefore, type Wish, wishOf } from './issuing/wish.js';
import { findEntry, pageOf } from './ledger/lookup.js';
import type { IssuedRecord } from './ledger/record.js';
import { describeEntry, describeIssued } from './ledger/registry.js';
import { assertReason } from './x509/revocation-reason.js';

/** On whose behalf a desk decides. */
export interface Caller {
  /** Stands in the ledger, whatever the request says. Absent for the operator, who may name anybody. */
  readonly actor?: string | undefined;
  /** Asked at the moment of each decision: what waited while the caller lost its right is not done. */
  assertMay(): void;
}

/** What an authority does for one caller. All desks of an authority decide one after the other. */
export class AuthorityDesk implements AuthorityAdmin {
  protected readonly parts: AuthorityParts;
  readonly #caller: Caller;

  constructor(parts: AuthorityParts, caller: Caller) {
    this.parts = parts;
    this.#caller = caller;
  }

  async status(): Promise<AuthorityStatus> {
    return describeStatus(this.parts);
  }

  async listIssuers(): Promise<readonly Issuer[]> {
    return describeIssuers(this.parts);
  }

  async listCertificates(query: CertificateSearch = {}): Promise<CertificatePage> {
    return pageOf(this.parts.registry.entries, query);
  }

  async findCertificate(reference: string): Promise<IssuedCertificate> {
    return describeIssued(this.parts.registry, findEntry(this.parts.registry, reference));
  }

  checkRequest(csr: Uint8Array, options: RequestCheckOptions): Promise<RequestCheck> {
    // In its turn, so that it never sees a decision half made.
    return this.#decide(() => checkRequest(this.parts, csr, options));
  }

  issueOrganization(csr: Uint8Array, options: OrganizationOptions = {}): Promise<IssuedCertificate> {
    const { requestId, organization, validityDays } = options;
    const wish = wishOf(requestId, ['organization', csr, organization, validityDays]);
    return this.#grant(wish, options, () => certifyOrganization(this.parts, csr, options));
  }

  createOrganization(wanted: NewOrganization): Promise<IssuedCertificate> {
    const { requestId, commonName, organizationName, country, keyType, validityDays } = wanted;
    const wished = ['hosted', commonName, organizationName, country, keyType, validityDays];
    return this.#grant(wishOf(requestId, wished), wanted, async () =>
      certifyOrganization(this.parts, await requestForHosted(this.parts, wanted), { validityDays }),
    );
  }

  renewOrganization(organization: string, options: RenewalOptions = {}): Promise<IssuedCertificate> {
    const { requestId, validityDays } = options;
    const wish = wishOf(requestId, ['renewal', organization, validityDays]);
    return this.#grant(wish, options, async () => {
      const request = await hostedKeyRequest(this.parts, organization);
      return certifyOrganization(this.parts, request, { organization, validityDays });
    });
  }

  issuePlugin(csr: Uint8Array, options: PluginOptions): Promise<IssuedCertificate> {
    const { requestId, issuer, validityDays } = options;
    const wish = wishOf(requestId, ['plugin', csr, issuer, validityDays]);
    return this.#grant(wish, options, () => certifyPlugin(this.parts, csr, options));
  }

  revoke(request: Revocation): Promise<RevocationOutcome> {
    return this.#decide(async () => {
      const { registry, crls, keys } = this.parts;
      const { reason } = request;
      assertReason(reason);
      const entry = findEntry(registry, request.certificate, request.issuer);
      assertRevocable(entry);
      const already = entry.revocation !== undefined;
      const { issuer, serial } = entry.record;
      if (!already) {
        await this.parts.write({ type: 'revoked', ...this.#signed(request), issuer, serial, reason });
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
    return this.#decide(() => requestDelegation(this.parts, issuerId));
  }

  adoptDelegation(certificate: Uint8Array, options: ActorOption = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const adopted = await adoptDelegation(this.parts, certificate, this.#actor(options));
      if (adopted.record !== undefined) await this.parts.write(adopted.record);
      await this.parts.responders.adopt(adopted.issuerId, adopted.key, adopted.certificate);
      return this.#described(adopted.certificate.fingerprint);
    });
  }

  registerCertificate(certificate: Uint8Array, options: ActorOption = {}): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const found = registerCertificate(this.parts, certificate, this.#actor(options));
      if ('record' in found) await this.parts.write(found.record);
      return this.#described('record' in found ? found.record.fingerprint : found.known.record.fingerprint);
    });
  }

  adoptCrl(issuerId: string, crl: Uint8Array): Promise<AdoptedCrl> {
    return this.#decide(async () => {
      const { registry, keys, crls, clock } = this.parts;
      const issuer = registry.issuer(issuerId);
      if (keys.has(issuerId)) {
        throw new AuthorityError('CRL_REFUSED', 'The list of this issuer is made here.');
      }
      const published = await crls.adopt(issuer, readOrganizationCrl(crl, issuer, clock()));
      return { issuer: issuerId, crlNumber: published.number };
    });
  }

  async listCredentials(): Promise<readonly Credential[]> {
    const { registry, clock } = this.parts;
    const at = clock();
    return registry.credentials.list().map((entry) => describeCredential(entry, at));
  }

  issueCredential(wanted: NewCredential): Promise<IssuedCredential> {
    return this.#decide(async () => {
      const { registry, clock } = this.parts;
      const at = clock();
      const ca = await AdministrationCa.open(this.parts);
      const actor = this.#actor(wanted);
      const { record, bundlePem } = await prepareCredential(ca, registry, { ...wanted, actor }, at);
      await this.parts.write(record);
      return { ...describeCredential({ record, revokedAt: undefined }, at), bundlePem };
    });
  }

  revokeCredential(request: CredentialRevocation): Promise<Credential> {
    return this.#decide(async () => {
      const { registry, clock } = this.parts;
      const at = clock();
      const entry = this.#credential(request.credential, at);
      if (entry.revokedAt === undefined) {
        const { fingerprint } = entry.record;
        await this.parts.write({ type: 'credential-revoked', ...this.#signed(request), fingerprint });
      }
      return describeCredential(registry.credentials.byFingerprint(entry.record.fingerprint) ?? entry, at);
    });
  }

  /** Lets go of nothing: the authority is closed by whoever opened it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #decide<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.parts.decisions.decide(() => {
      this.#caller.assertMay();
      return work();
    });
  }

  /** Signs what was decided and writes it down; only then it is handed out. */
  #grant(
    wish: Wish | undefined,
    options: ActorOption,
    certify: () => Promise<Certification>,
  ): Promise<IssuedCertificate> {
    return this.#decide(async () => {
      const { registry, keys } = this.parts;
      const before = grantedBefore(registry, wish);
      if (before !== undefined) return describeIssued(registry, before);
      const { order } = await certify();
      const signed = await signCertificate({ ...order, actor: this.#actor(options) }, keys);
      const record: IssuedRecord = wish === undefined ? signed : { ...signed, ...wish };
      await this.parts.write(record);
      // Whoever gets the certificate may be asked about it at once, in every process.
      await makeAnswerable(this.parts, order.issuer);
      return this.#described(record.fingerprint);
    });
  }

  #described(fingerprint: string): IssuedCertificate {
    const { registry } = this.parts;
    return describeIssued(registry, findEntry(registry, fingerprint));
  }

  #credential(reference: string, at: Date): CredentialEntry {
    const { credentials } = this.parts.registry;
    const entry = credentials.inForce(reference, at) ?? credentials.byFingerprint(reference.toLowerCase());
    if (entry !== undefined) return entry;
    throw new AuthorityError('CREDENTIAL_NOT_FOUND', `No credential ${reference} is in force.`);
  }

  #actor(options: ActorOption): string | undefined {
    return this.#caller.actor ?? options.actor;
  }

  /** When, and by whom. */
  #signed(options: ActorOption): { at: string; actor?: string } {
    const actor = this.#actor(options);
    return { at: this.parts.clock().toISOString(), ...(actor === undefined ? {} : { actor }) };
  }
}
