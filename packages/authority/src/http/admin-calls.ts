import {
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  Credential,
  CredentialList,
  DelegationRequest,
  IssuedCertificate,
  IssuedCredential,
  IssuerList,
  RequestCheck,
  RevocationOutcome,
  authorityAdminRoutes as routes,
} from '@jami-plugin-store/contract';
import type { AuthorityAdmin, DelegationAdmin } from '../authority-admin.js';
import type { Call } from './exchange.js';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** An authority behind a server. */
export function adminOver(call: Call, close: () => Promise<void>): AuthorityAdmin {
  return {
    status: () => call(AuthorityStatus, routes.status.path),
    listIssuers: async () => (await call(IssuerList, routes.issuers.path)).issuers,
    listCertificates: (query = {}) =>
      call(CertificatePage, `${routes.certificates.path}?${queryText(query)}`),
    findCertificate: (reference) =>
      call(IssuedCertificate, routes.certificate.path.replace(':certificate', encodeURIComponent(reference))),
    checkRequest: (csr, options) =>
      call(RequestCheck, routes.requestChecks.path, { ...options, csr: base64(csr) }),
    issueOrganization: (csr, options = {}) =>
      call(IssuedCertificate, routes.organizations.path, { ...options, csr: base64(csr) }),
    createOrganization: (wanted) => call(IssuedCertificate, routes.hostedOrganizations.path, wanted),
    renewOrganization: (organization, options = {}) =>
      call(IssuedCertificate, routes.renewals.path, { ...options, organization }),
    issuePlugin: (csr, options) =>
      call(IssuedCertificate, routes.plugins.path, { ...options, csr: base64(csr) }),
    revoke: (wanted) => call(RevocationOutcome, routes.revocations.path, wanted),
    ...delegationOver(call, close, {
      delegationRequests: routes.delegationRequests.path,
      delegations: routes.delegations.path,
      registrations: routes.registrations.path,
    }),
    adoptCrl: (issuer, crl) => call(AdoptedCrl, routes.revocationLists.path, { issuer, crl: base64(crl) }),
    listCredentials: async () => (await call(CredentialList, routes.credentials.path)).credentials,
    issueCredential: ({ csr, ...rest }) =>
      call(IssuedCredential, routes.issueCredential.path, {
        ...rest,
        ...(csr === undefined ? {} : { csr: base64(csr) }),
      }),
    revokeCredential: (wanted) => call(Credential, routes.revokeCredential.path, wanted),
  };
}

/** What an authority, or a store that passes it on, does for an organization with its own key. */
export function delegationOver(
  call: Call,
  close: () => Promise<void>,
  paths: Readonly<Record<'delegationRequests' | 'delegations' | 'registrations', string>>,
): DelegationAdmin {
  return {
    requestDelegation: (issuer) => call(DelegationRequest, paths.delegationRequests, { issuer }),
    adoptDelegation: (certificate, options = {}) =>
      call(IssuedCertificate, paths.delegations, { ...options, certificate: base64(certificate) }),
    registerCertificate: (certificate, options = {}) =>
      call(IssuedCertificate, paths.registrations, { ...options, certificate: base64(certificate) }),
    [Symbol.asyncDispose]: close,
  };
}

function queryText(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}
