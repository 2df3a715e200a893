import {
  CertificateRequest,
  CertificateRequestPage,
  CertificateRequestQuery,
  CertificateWish,
  Decision,
  FiledCertificateRequest,
  IssuedChain,
  NewToken,
  ReviewedCertificateRequest,
  Terms,
} from '@jami-plugin-store/contract';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import type { CertificateRequests } from './certificate-requests.js';

/** How an organization becomes a publisher, renews its certificate, and gets certificates for its plugins. */
export function requestRoutes(requests: CertificateRequests) {
  return {
    'GET /v1/terms': guarded({
      summary: 'What an organization agrees to',
      response: Terms,
      handle: async () => ({ body: requests.terms() }),
    }),
    'POST /v1/certificate-requests': guarded({
      summary: 'Asks for a certificate; the secret to follow the request with is shown this once',
      body: CertificateWish,
      response: FiledCertificateRequest,
      handle: async ({ caller, body }) => ({ status: 201, body: await requests.file(caller, body) }),
    }),
    'GET /v1/certificate-requests': guarded({
      summary: 'Requests, newest first',
      query: CertificateRequestQuery,
      response: CertificateRequestPage,
      handle: async ({ query }) => ({ body: await requests.list(query) }),
    }),
    'GET /v1/certificate-requests/:id': guarded({
      summary: 'One request: for whoever has its secret, and with the PKCS#10 for reviewers',
      response: ReviewedCertificateRequest,
      handle: async ({ caller, params }) => ({ body: await requests.show(caller, params.id ?? '') }),
    }),
    'POST /v1/certificate-requests/:id/accept': guarded({
      summary: 'Hands in the certificate that the authority issued for a request',
      body: IssuedChain,
      response: CertificateRequest,
      handle: async ({ caller, params, body, signal }) => ({
        body: await requests.accept(caller, params.id ?? '', body, signal),
      }),
    }),
    'POST /v1/certificate-requests/:id/decline': guarded({
      summary: 'Declines a request with a reason',
      body: Decision,
      response: CertificateRequest,
      handle: async ({ caller, params, body }) => ({
        body: await requests.decline(caller, params.id ?? '', body.reason),
      }),
    }),
    'POST /v1/certificate-requests/:id/withdraw': guarded({
      summary: 'Takes one’s own request back',
      response: CertificateRequest,
      handle: async ({ caller, params }) => ({ body: await requests.withdraw(caller, params.id ?? '') }),
    }),
    'POST /v1/certificate-requests/:id/token': guarded({
      summary: 'The organization’s first token, once',
      response: NewToken,
      handle: async ({ caller, params }) => ({
        status: 201,
        body: await requests.collectToken(caller, params.id ?? ''),
      }),
    }),
  } satisfies Partial<GuardedRoutes>;
}
