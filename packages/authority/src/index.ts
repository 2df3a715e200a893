export type { NewCredential } from './administration/issue-credential.js';
export type { RateLimit } from './administration/rate-limit.js';
export type { Authority } from './authority.js';
export type {
  ActorOption,
  AuthorityAdmin,
  CertificateSearch,
  CredentialRevocation,
  DelegationAdmin,
  NewOrganization,
  OrganizationOptions,
  PluginOptions,
  RenewalOptions,
  RequestCheckOptions,
  Revocation,
} from './authority-admin.js';
export { type ConnectAuthorityOptions, connectAuthority } from './connect-authority.js';
export type { PublishedCrl } from './crl/crl-file.js';
export { AuthorityError, type AuthorityErrorDetail } from './error.js';
export type { AuthorityFollower } from './following/authority-follower.js';
export { type FollowAuthorityOptions, followAuthority } from './following/follow-authority.js';
export { connectAdmin } from './http/admin-client.js';
export { type AdminServer, createAdminServer } from './http/admin-server.js';
export { RelayRefusal } from './http/exchange.js';
export { problemOf } from './http/problem.js';
export { createPublicServer, type PublicServer, type PublicServerOptions } from './http/public-server.js';
export { type ConnectRelayOptions, connectStoreRelay } from './http/relay-client.js';
export { type ConnectRemoteOptions, connectRemoteAuthority } from './http/remote-admin-client.js';
export {
  createRemoteAdminServer,
  type RemoteAdminOptions,
  type RemoteAdminServer,
} from './http/remote-admin-server.js';
export type { ListenerOptions } from './http/server-options.js';
export { type InitAuthorityOptions, initAuthority, type NewAuthority } from './init-authority.js';
export {
  type IssueCrlWithOptions,
  type IssuePluginWithOptions,
  type IssueResponderWithOptions,
  issueCrlWith,
  issuePluginWith,
  issueResponderWith,
  issuerIdOf,
  type OwnIssuer,
  type SignedCertificate,
} from './issuing/issue-with-key.js';
export type { ValidityPeriods } from './issuing/validity.js';
export type { OcspAnswer, OcspCaching } from './ocsp/ocsp-service.js';
export { type OpenAuthorityOptions, openAuthority } from './open-authority.js';
export { createKeyAndCsr, type KeyAndCsr, type KeyAndCsrOptions } from './x509/create-key-and-csr.js';
export { type KeyType, keyTypes } from './x509/key.js';
export { type RevocationReason, reasonCodes } from './x509/revocation-reason.js';
