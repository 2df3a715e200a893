import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
  DelegationRequest,
  DelegationRequestRequest,
  IssuedCertificate,
  IssueOrganizationRequest,
  IssuePluginRequest,
  IssuerList,
  RenewOrganizationRequest,
  RevocationOutcome,
  RevokeRequest,
  authorityAdminRoutes as routes,
} from '@jami-plugin-store/contract';
import Fastify, { type FastifyRequest } from 'fastify';
import type { Authority } from '../authority.js';
import { AuthorityError } from '../error.js';
import { strictBase64 } from '../pem.js';
import { writeDurably } from '../storage/durable-file.js';
import { adminSocketName, authorityFolder } from '../storage/folder.js';
import { type SocketAddress, socketAddress } from '../storage/socket-address.js';
import { handleErrors } from './problem.js';
import { boundedServer, type ListenerOptions } from './server-options.js';

const maxBodyBytes = 128 * 1024;
const maxCrlBodyBytes = 5 * 1024 * 1024;

export interface AdminServer extends AsyncDisposable {
  /** Listens on the socket in the authority's folder (mode 0600 in a 0700 folder; a named pipe on Windows). */
  listen(): Promise<{ socket: string }>;
}

/**
 * The listener for operators: issuing and revoking. Whoever asks must be able to reach the socket and to read the
 * secret that lies beside it, which is new at every start. Closing it leaves the authority open.
 */
export function createAdminServer(authority: Authority, options: ListenerOptions = {}): AdminServer {
  const secret = randomBytes(32).toString('hex');
  const app = Fastify(boundedServer(maxBodyBytes, options));
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  handleErrors(app, options.onFailure ?? (() => undefined));
  app.addHook('onRequest', async (request) => assertSecret(request, secret));
  const typed = app.withTypeProvider<TypeBoxTypeProvider>();

  const get = <Response>(response: Response) => ({ schema: { response: { 200: response } } });
  typed.get(routes.status.path, get(AuthorityStatus), () => authority.status());
  typed.get(routes.issuers.path, get(IssuerList), async () => ({
    issuers: [...(await authority.listIssuers())],
  }));
  typed.get(
    routes.certificates.path,
    { schema: { querystring: CertificateQuery, response: { 200: CertificatePage } } },
    ({ query }) => authority.listCertificates(query),
  );
  typed.get(
    routes.certificate.path,
    { schema: { params: CertificateReference, response: { 200: IssuedCertificate } } },
    ({ params }) => authority.findCertificate(params.certificate),
  );

  const post = <Body, Response>(body: Body, response: Response) => ({
    schema: { body, response: { 200: response } },
  });
  typed.post(routes.organizations.path, post(IssueOrganizationRequest, IssuedCertificate), ({ body }) => {
    const { csr, ...rest } = body;
    return authority.issueOrganization(bytesOf(csr), rest);
  });
  typed.post(
    routes.hostedOrganizations.path,
    post(CreateOrganizationRequest, IssuedCertificate),
    ({ body }) => authority.createOrganization(body),
  );
  typed.post(routes.renewals.path, post(RenewOrganizationRequest, IssuedCertificate), ({ body }) => {
    const { organization, ...rest } = body;
    return authority.renewOrganization(organization, rest);
  });
  typed.post(routes.plugins.path, post(IssuePluginRequest, IssuedCertificate), ({ body }) => {
    const { csr, ...rest } = body;
    return authority.issuePlugin(bytesOf(csr), rest);
  });
  typed.post(routes.revocations.path, post(RevokeRequest, RevocationOutcome), ({ body }) =>
    authority.revoke(body),
  );
  typed.post(routes.delegationRequests.path, post(DelegationRequestRequest, DelegationRequest), ({ body }) =>
    authority.requestDelegation(body.issuer),
  );
  typed.post(routes.delegations.path, post(AdoptCertificateRequest, IssuedCertificate), ({ body }) =>
    authority.adoptDelegation(bytesOf(body.certificate), body),
  );
  typed.post(routes.registrations.path, post(AdoptCertificateRequest, IssuedCertificate), ({ body }) =>
    authority.registerCertificate(bytesOf(body.certificate), body),
  );
  typed.post(
    routes.revocationLists.path,
    { bodyLimit: maxCrlBodyBytes, ...post(AdoptCrlRequest, AdoptedCrl) },
    ({ body }) => authority.adoptCrl(body.issuer, bytesOf(body.crl)),
  );

  const folder = authorityFolder(authority.dir);
  let address: SocketAddress | undefined;
  return {
    async listen() {
      const shown = join(folder.root, adminSocketName);
      await writeDurably(folder.adminSecret, secret);
      address = await socketAddress(folder.root, adminSocketName);
      // Left by a killed process; the lock says that nobody else is using it.
      if (process.platform !== 'win32') await rm(shown, { force: true });
      await app.listen({ path: address.path });
      if (process.platform !== 'win32') await chmod(shown, 0o600);
      return { socket: process.platform === 'win32' ? address.path : shown };
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await address?.[Symbol.asyncDispose]();
    },
  };
}

function assertSecret({ headers }: FastifyRequest, secret: string): void {
  const given = Buffer.from(headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${secret}`);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new AuthorityError('ADMIN_NOT_ALLOWED', 'The administrative secret is missing or wrong.');
}

function bytesOf(base64: string): Buffer {
  const bytes = strictBase64(base64);
  if (bytes !== undefined) return bytes;
  throw new AuthorityError('REQUEST_INVALID', 'A member that must be base64 is not.');
}
