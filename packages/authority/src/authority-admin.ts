import type {
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  CertificateQuery,
  CreateOrganizationRequest,
  DelegationRequest,
  IssuedCertificate,
  IssueOrganizationRequest,
  IssuePluginRequest,
  Issuer,
  RenewOrganizationRequest,
  RevocationOutcome,
  RevokeRequest,
} from '@jami-plugin-store/contract';

/** Members that may be left out may be given as `undefined`, too. */
type Lenient<Type> = {
  [Key in keyof Type]: object extends Pick<Type, Key> ? Type[Key] | undefined : Type[Key];
};

export type OrganizationOptions = Lenient<Omit<IssueOrganizationRequest, 'csr'>>;
export type NewOrganization = Lenient<CreateOrganizationRequest>;
export type RenewalOptions = Lenient<Omit<RenewOrganizationRequest, 'organization'>>;
export type PluginOptions = Lenient<Omit<IssuePluginRequest, 'csr'>>;
export type Revocation = Lenient<RevokeRequest>;
export type CertificateSearch = Lenient<CertificateQuery>;
export interface ActorOption {
  /** Who decided, for the ledger. */
  readonly actor?: string | undefined;
}

/**
 * What an operator does with an authority; the same whether its folder is open in this process or a server is asked
 * over the administrative socket. Every method throws AuthorityError.
 */
export interface AuthorityAdmin extends AsyncDisposable {
  status(): Promise<AuthorityStatus>;
  listIssuers(): Promise<readonly Issuer[]>;
  /** In order of issuing, 100 a page unless `limit` says otherwise. */
  listCertificates(query?: CertificateSearch): Promise<CertificatePage>;
  /** By serial number or SHA-256 fingerprint. CERTIFICATE_NOT_FOUND | CERTIFICATE_REFERENCE_AMBIGUOUS */
  findCertificate(reference: string): Promise<IssuedCertificate>;
  /**
   * Certifies an organization from its PKCS#10 request (PEM, DER, gzipped). The codes of a bad request, and
   * CSR_KEY_OF_AN_AUTHORITY | CSR_KEY_ALREADY_CERTIFIED | CSR_KEY_COMPROMISED | ORGANIZATION_NAME_TAKEN |
   * ORGANIZATION_NAME_MISMATCH | ORGANIZATION_NOT_FOUND | ISSUER_EXPIRED
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
  /** A request for a responder certificate that an organization signs with its own key. ISSUER_NOT_FOUND */
  requestDelegation(issuerId: string): Promise<DelegationRequest>;
  /** Takes the responder certificate an organization made. DELEGATION_NOT_REQUESTED | DELEGATION_INVALID */
  adoptDelegation(certificate: Uint8Array, options?: ActorOption): Promise<IssuedCertificate>;
  /** Takes note of a certificate that an organization issued itself, so that OCSP knows it. */
  registerCertificate(certificate: Uint8Array, options?: ActorOption): Promise<IssuedCertificate>;
  /** Publishes a CRL that an organization signed itself. CRL_REFUSED */
  adoptCrl(issuerId: string, crl: Uint8Array): Promise<AdoptedCrl>;
}
