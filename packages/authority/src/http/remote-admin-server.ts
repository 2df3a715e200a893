import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import { type AdminRole, authorityAdminRoutes } from '@jami-plugin-store/contract';
import Fastify, { type FastifyRequest } from 'fastify';
import { AdministrationCa } from '../administration/administration-ca.js';
import { type ListenerCertificate, makeListenerCertificate } from '../administration/listener-certificate.js';
import { type RateLimit, RateLimiter } from '../administration/rate-limit.js';
import type { Authority } from '../authority.js';
import type { AuthorityAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { addAdminRoutes, maxAdminBodyBytes } from './admin-routes.js';
import { handleErrors } from './problem.js';
import {
  boundConnections,
  boundedServer,
  type ListenAddress,
  type ListenerOptions,
  nodeServerOptions,
  urlOf,
} from './server-options.js';

export interface RemoteAdminOptions extends ListenerOptions {
  /** For each credential. Default: 60 at once, 20 a second. */
  readonly rateLimit?: RateLimit | undefined;
}

export interface RemoteAdminServer extends AsyncDisposable {
  listen(where: ListenAddress): Promise<{ url: string }>;
}

const maxConnections = 128;
const renewalCheckMs = 60 * 60 * 1000;
const minVersion = 'TLSv1.3';

const rolesOf: ReadonlyMap<string, readonly AdminRole[]> = new Map(
  Object.values(authorityAdminRoutes).map(({ method, path, roles }) => [`${method} ${path}`, roles]),
);

/**
 * The listener for reviewers and stores, by mutual TLS 1.3. Who asks is decided for each request, by the ledger: a credential that
 * was revoked opens nothing more on a connection that is open already. Closing it leaves the authority open.
 */
export function createRemoteAdminServer(
  authority: Authority,
  options: RemoteAdminOptions = {},
): RemoteAdminServer {
  const { rateLimit = { burst: 60, perSecond: 20 } } = options;
  const server = createServer({
    ...nodeServerOptions(options),
    requestCert: true,
    // Whoever shows none or a wrong one is told so by the code of a refusal, not by a broken connection.
    rejectUnauthorized: false,
    minVersion,
    handshakeTimeout: 10_000,
  });
  server.maxConnections = maxConnections;
  boundConnections(server);
  const app = Fastify({
    ...boundedServer(maxAdminBodyBytes, options),
    serverFactory: (handler) => server.on('request', handler),
  });
  const desks = new WeakMap<FastifyRequest['raw'], AuthorityAdmin>();
  const limiter = new RateLimiter(rateLimit, authority.clock);
  handleErrors(app, options.onFailure ?? (() => undefined));
  app.addHook('onRequest', async (request) => {
    const credential = authority.credential(fingerprintOf(request.raw.socket));
    limiter.take(credential.fingerprint);
    assertRole(request.routeOptions, request.method, credential.role);
    desks.set(request.raw, authority.actingFor(credential));
  });
  addAdminRoutes(app, ({ raw }) => {
    const desk = desks.get(raw);
    if (desk !== undefined) return desk;
    throw new AuthorityError('CREDENTIAL_MISSING', 'A credential is needed here.');
  });

  const closing = new AbortController();
  return {
    async listen({ port, host = '127.0.0.1' }) {
      const ca = await AdministrationCa.open(authority.administration);
      let shown = await showNew(server, ca);
      const timer = setInterval(() => {
        if (authority.clock() < shown.renewAt) return;
        showNew(server, ca).then(
          (next) => {
            shown = next;
          },
          (error: unknown) => authority.report(error),
        );
      }, renewalCheckMs).unref();
      closing.signal.addEventListener('abort', () => clearInterval(timer));
      await app.listen({ port, host });
      return { url: urlOf('https', server) };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await app.close();
    },
  };
}

async function showNew(server: Server, ca: AdministrationCa): Promise<ListenerCertificate> {
  const made = await makeListenerCertificate(ca);
  server.setSecureContext({
    cert: made.certificatePem,
    key: made.key.export({ type: 'pkcs8', format: 'pem' }),
    ca: ca.pem,
    minVersion,
  });
  return made;
}

/**
 * SHA-256 of the client's certificate. TLS has proven that the client holds its key (RFC 8446 4.4.3); whether it is a credential, and
 * until when, says the ledger.
 * @throws {AuthorityError} CREDENTIAL_MISSING | CREDENTIAL_UNKNOWN
 */
function fingerprintOf(socket: unknown): string {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) {
    throw new AuthorityError(
      'CREDENTIAL_MISSING',
      'Whoever asks here must show a client certificate: a credential that this authority issued.',
    );
  }
  if (socket instanceof TLSSocket && !isOfThisCa(socket)) {
    throw new AuthorityError('CREDENTIAL_UNKNOWN', 'This certificate is no credential of this authority.');
  }
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** Time is judged by the authority's own clock, from the ledger. */
const timeErrors = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

function isOfThisCa({ authorized, authorizationError }: TLSSocket): boolean {
  return authorized || timeErrors.includes(String(authorizationError));
}

function assertRole({ url }: { readonly url?: string | undefined }, method: string, role: AdminRole): void {
  // Nothing at this address: answered as such after the credential has been seen.
  if (url === undefined) return;
  const roles = rolesOf.get(`${method === 'HEAD' ? 'GET' : method} ${url}`) ?? [];
  if (roles.includes(role)) return;
  throw new AuthorityError(
    'CREDENTIAL_ROLE_FORBIDS',
    `A credential of the role ${role} does not allow this. It takes: ${roles.join(', ')}.`,
  );
}
