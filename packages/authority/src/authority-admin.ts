import type {
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  CertificateQuery,
  CreateOrganizationRequest,
  Credential,
  DelegationRequest,
  IssuedCertificate,
  IssuedCredential,
  IssueOrganizationRequest,
  IssuePluginRequest,
  Issuer,
  RenewOrganizationRequest,
  RequestCheck,
  RequestCheckRequest,
  RevocationOutcome,
  RevokeCredentialRequest,
  RevokeRequest,
} from '@jami-plugin-store/contract';
import type { NewCredential } from './administration/issue-credential.js';

/** Members that may be left out may be given as `undefined`, too. */
type Lenient<Type> = {
  [Key in keyof Type]: object extends Pick<Type, Key> ? Type[Key] | undefined : Type[Key];
};

export type OrganizationOptions = Lenient<Omit<IssueOrganizationRequest, 'csr'>>;
export type NewOrganization = Lenient<CreateOrganizationRequest>;
export type RenewalOptions = Lenient<Omit<RenewOrganizationRequest, 'organization'>>;
export type PluginOptions = Lenient<Omit<IssuePluginRequest, 'csr'>>;
export type Revocation = Lenient<RevokeRequest>;
export type RequestCheckOptions = Lenient<Omit<RequestCheckRequest, 'csr'>>;
export type CredentialRevocation = Lenient<RevokeCredentialRequest>;
export type CertificateSearch = Lenient<CertificateQuery>;
export interface ActorOption {
  /** Who decided, for the ledger. */
  readonly actor?: string | undefined;
}

/** What an organization with its own key brings; a store passes it on. Every method throws AuthorityError. */
export interface DelegationAdmin extends AsyncDisposable {
  /** A request for a responder certificate that an organization signs with its own key. ISSUER_NOT_FOUND */
  requestDelegation(issuerId: string): Promise<DelegationRequest>;
  /** Takes the responder certificate an organization made. DELEGATION_NOT_REQUESTED | DELEGATION_INVALID */
  adoptDelegation(certificate: Uint8Array, options?: ActorOption): Promise<IssuedCertificate>;
  /** Takes note of a certificate that an organization issued itself, so that OCSP knows it. */
  registerCertificate(certificate: Uint8Array, options?: ActorOption): Promise<IssuedCertificate>;
}

/**
 * What is done with an authority; the same whether its folder is open in this process or a server is asked, over the
 * administrative socket or with a credential. Every method throws AuthorityError.
 */
export interface AuthorityAdmin extends DelegationAdmin {
  status(): Promise<AuthorityStatus>;
  listIssuers(): Promise<readonly Issuer[]>;
  /** In order of issuing, 100 a page unless `limit` says otherwise. */
  listCertificates(query?: CertificateSearch): Promise<CertificatePage>;
  /** By serial number or SHA-256 fingerprint. CERTIFICATE_NOT_FOUND | CERTIFICATE_REFERENCE_AMBIGUOUS */
  findCertificate(reference: string): Promise<IssuedCertificate>;
  /** What issuing would make of a request: an answer, or exactly its refusal. Nothing is issued. */
  checkRequest(csr: Uint8Array, options: RequestCheckOptions): Promise<RequestCheck>;
  /**
   * Certifies an organization from its PKCS#10 request (PEM, DER, gzipped). The codes of a bad request, and
   * CSR_KEY_OF_AN_AUTHORITY | CSR_KEY_ALREADY_CERTIFIED | CSR_KEY_COMPROMISED | ORGANIZATION_NAME_TAKEN |
   * ORGANIZATION_NAME_MISMATCH | ORGANIZATION_NOT_FOUND | ISSUER_EXPIRED. With a `requestId` that was used for the same
   * wish it gives the certificate issued then, for another wish REQUEST_ID_REUSED; so do the next three.
   */
  issueOrganization(csr: Uint8Array, options?: OrganizationOptions): Promise<IssuedCertificate>;
  /** Makes an organization whose key stays here. Its issuer id is the certificate's `keyId`. */
  createOrganization(request: NewOrganization): Promise<IssuedCertificate>;
  /** A new certificate for the same key of an organization whose key is held here. ISSUER_HAS_NO_KEY_HERE */
  renewOrganization(organization: string, options?: RenewalOptions): Promise<IssuedCertificate>;
  /**
   * Certifies a plugin key in the name of an organization whose key is held here. ISSUER_NOT_FOUND |
   * ISSUER_HAS_NO_KEY_HERE | ISSUER_REVOKED | ISSUER_EXPIRED and the codes of a bad request
   */
  issuePlugin(csr: Uint8Array, options: PluginOptions): Promise<IssuedCertificate>;
  /**
   * Revokes for good: when this returns, the revocation is on the disk, OCSP says so and the CRL carries it.
   * CERTIFICATE_NOT_FOUND | CERTIFICATE_REFERENCE_AMBIGUOUS | REVOCATION_REASON_NOT_ALLOWED | ROOT_NOT_REVOCABLE |
   * RESPONDER_NOT_REVOCABLE
   */
  revoke(request: Revocation): Promise<RevocationOutcome>;
  /** Publishes a CRL that an organization signed itself. CRL_REFUSED */
  adoptCrl(issuerId: string, crl: Uint8Array): Promise<AdoptedCrl>;
  /** Who may administer from afar, in order of issuing. */
  listCredentials(): Promise<readonly Credential[]>;
  /** Lets somebody administer from afar. CREDENTIAL_NAME_TAKEN and the codes of a bad request */
  issueCredential(wanted: NewCredential): Promise<IssuedCredential>;
  /** Takes a credential back, by name or fingerprint; it opens nothing from then on. CREDENTIAL_NOT_FOUND */
  revokeCredential(request: CredentialRevocation): Promise<Credential>;
}
