import { type TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import {
  AdoptCertificateRequest,
  AdoptCrlRequest,
  AdoptedCrl,
  AuthorityStatus,
  CertificatePage,
  CertificateQuery,
  CertificateReference,
  CreateOrganizationRequest,
  Credential,
  CredentialList,
  DelegationRequest,
  DelegationRequestRequest,
  IssueCredentialRequest,
  IssuedCertificate,
  IssuedCredential,
  IssueOrganizationRequest,
  IssuePluginRequest,
  IssuerList,
  RenewOrganizationRequest,
  RequestCheck,
  RequestCheckRequest,
  RevocationOutcome,
  RevokeCredentialRequest,
  RevokeRequest,
  authorityAdminRoutes as routes,
} from '@jami-plugin-store/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuthorityAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { strictBase64 } from '../pem.js';

export const maxAdminBodyBytes = 128 * 1024;
const maxCrlBodyBytes = 5 * 1024 * 1024;

/**
 * Every route of `authorityAdminRoutes`, for whoever the listener let in.
 * @param deskOf  the authority as the caller of a request may use it
 */
export function addAdminRoutes(
  app: FastifyInstance,
  deskOf: (request: Pick<FastifyRequest, 'raw'>) => AuthorityAdmin,
): void {
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  const typed = app.withTypeProvider<TypeBoxTypeProvider>();
  const get = <Response>(response: Response) => ({ schema: { response: { 200: response } } });
  const post = <Body, Response>(body: Body, response: Response) => ({
    schema: { body, response: { 200: response } },
  });

  typed.get(routes.status.path, get(AuthorityStatus), (request) => deskOf(request).status());
  typed.get(routes.issuers.path, get(IssuerList), async (request) => ({
    issuers: [...(await deskOf(request).listIssuers())],
  }));
  typed.get(
    routes.certificates.path,
    { schema: { querystring: CertificateQuery, response: { 200: CertificatePage } } },
    (request) => deskOf(request).listCertificates(request.query),
  );
  typed.get(
    routes.certificate.path,
    { schema: { params: CertificateReference, response: { 200: IssuedCertificate } } },
    (request) => deskOf(request).findCertificate(request.params.certificate),
  );
  typed.post(routes.requestChecks.path, post(RequestCheckRequest, RequestCheck), (request) => {
    const { csr, ...rest } = request.body;
    return deskOf(request).checkRequest(bytesOf(csr), rest);
  });

  typed.post(routes.organizations.path, post(IssueOrganizationRequest, IssuedCertificate), (request) => {
    const { csr, ...rest } = request.body;
    return deskOf(request).issueOrganization(bytesOf(csr), rest);
  });
  typed.post(routes.hostedOrganizations.path, post(CreateOrganizationRequest, IssuedCertificate), (request) =>
    deskOf(request).createOrganization(request.body),
  );
  typed.post(routes.renewals.path, post(RenewOrganizationRequest, IssuedCertificate), (request) => {
    const { organization, ...rest } = request.body;
    return deskOf(request).renewOrganization(organization, rest);
  });
  typed.post(routes.plugins.path, post(IssuePluginRequest, IssuedCertificate), (request) => {
    const { csr, ...rest } = request.body;
    return deskOf(request).issuePlugin(bytesOf(csr), rest);
  });
  typed.post(routes.revocations.path, post(RevokeRequest, RevocationOutcome), (request) =>
    deskOf(request).revoke(request.body),
  );

  typed.post(routes.delegationRequests.path, post(DelegationRequestRequest, DelegationRequest), (request) =>
    deskOf(request).requestDelegation(request.body.issuer),
  );
  typed.post(routes.delegations.path, post(AdoptCertificateRequest, IssuedCertificate), (request) =>
    deskOf(request).adoptDelegation(bytesOf(request.body.certificate), request.body),
  );
  typed.post(routes.registrations.path, post(AdoptCertificateRequest, IssuedCertificate), (request) =>
    deskOf(request).registerCertificate(bytesOf(request.body.certificate), request.body),
  );
  typed.post(
    routes.revocationLists.path,
    { bodyLimit: maxCrlBodyBytes, ...post(AdoptCrlRequest, AdoptedCrl) },
    (request) => deskOf(request).adoptCrl(request.body.issuer, bytesOf(request.body.crl)),
  );

  typed.get(routes.credentials.path, get(CredentialList), async (request) => ({
    credentials: [...(await deskOf(request).listCredentials())],
  }));
  typed.post(routes.issueCredential.path, post(IssueCredentialRequest, IssuedCredential), (request) => {
    const { csr, ...rest } = request.body;
    return deskOf(request).issueCredential(csr === undefined ? rest : { ...rest, csr: bytesOf(csr) });
  });
  typed.post(routes.revokeCredential.path, post(RevokeCredentialRequest, Credential), (request) =>
    deskOf(request).revokeCredential(request.body),
  );
}

function bytesOf(base64: string): Buffer {
  const bytes = strictBase64(base64);
  if (bytes !== undefined) return bytes;
  throw new AuthorityError('REQUEST_INVALID', 'A member that must be base64 is not.');
}
