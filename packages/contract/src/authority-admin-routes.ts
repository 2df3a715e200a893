/**
 * Who may ask the authority for something. `operator`: whoever can open the socket in the authority's folder; may do everything.
 * `reviewer` and `store`: holders of a credential, over mutual TLS.
 */
export type AdminRole = 'operator' | 'reviewer' | 'store';

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `:name` stands for one segment. */
  readonly path: string;
  readonly roles: readonly AdminRole[];
}

const all = ['operator', 'reviewer', 'store'] as const;
const issuing = ['operator', 'reviewer'] as const;
/** What a store hands on for organizations that have their own key. It cannot issue or revoke. */
const relaying = ['operator', 'store'] as const;
const operating = ['operator'] as const;

/** Every route of the administrative listeners, and the roles that may call it. A route that is not here does not exist. */
export const authorityAdminRoutes = {
  /** AuthorityStatus */
  status: { method: 'GET', path: '/v1/status', roles: all },
  /** IssuerList */
  issuers: { method: 'GET', path: '/v1/issuers', roles: all },
  /** CertificateQuery -> CertificatePage */
  certificates: { method: 'GET', path: '/v1/certificates', roles: all },
  /** Serial number or fingerprint -> IssuedCertificate */
  certificate: { method: 'GET', path: '/v1/certificates/:certificate', roles: all },
  /** RequestCheckRequest -> RequestCheck; issues nothing */
  requestChecks: { method: 'POST', path: '/v1/request-checks', roles: all },
  /** IssueOrganizationRequest -> IssuedCertificate */
  organizations: { method: 'POST', path: '/v1/organizations', roles: issuing },
  /** CreateOrganizationRequest -> IssuedCertificate */
  hostedOrganizations: { method: 'POST', path: '/v1/hosted-organizations', roles: issuing },
  /** RenewOrganizationRequest -> IssuedCertificate */
  renewals: { method: 'POST', path: '/v1/renewals', roles: issuing },
  /** IssuePluginRequest -> IssuedCertificate */
  plugins: { method: 'POST', path: '/v1/plugins', roles: issuing },
  /** RevokeRequest -> RevocationOutcome */
  revocations: { method: 'POST', path: '/v1/revocations', roles: issuing },
  /** DelegationRequestRequest -> DelegationRequest */
  delegationRequests: { method: 'POST', path: '/v1/delegation-requests', roles: relaying },
  /** AdoptCertificateRequest -> IssuedCertificate */
  delegations: { method: 'POST', path: '/v1/delegations', roles: relaying },
  /** AdoptCertificateRequest -> IssuedCertificate */
  registrations: { method: 'POST', path: '/v1/registrations', roles: relaying },
  /** AdoptCrlRequest -> AdoptedCrl */
  revocationLists: { method: 'POST', path: '/v1/revocation-lists', roles: relaying },
  /** CredentialList */
  credentials: { method: 'GET', path: '/v1/credentials', roles: operating },
  /** IssueCredentialRequest -> IssuedCredential */
  issueCredential: { method: 'POST', path: '/v1/credentials', roles: operating },
  /** RevokeCredentialRequest -> Credential */
  revokeCredential: { method: 'POST', path: '/v1/credential-revocations', roles: operating },
} as const satisfies Readonly<Record<string, AdminRoute>>;

export type AdminRouteName = keyof typeof authorityAdminRoutes;
