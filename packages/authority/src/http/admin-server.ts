import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Fastify, { type FastifyRequest } from 'fastify';
import type { Authority } from '../authority.js';
import { AuthorityError } from '../error.js';
import { writeDurably } from '../storage/durable-file.js';
import { adminSocketName, authorityFolder } from '../storage/folder.js';
import { type SocketAddress, socketAddress } from '../storage/socket-address.js';
import { addAdminRoutes, maxAdminBodyBytes } from './admin-routes.js';
import { handleErrors } from './problem.js';
import { boundedServer, type ListenerOptions } from './server-options.js';

export interface AdminServer extends AsyncDisposable {
  /** Listens on the socket in the authority's folder (mode 0600 in a 0700 folder; a named pipe on Windows). */
  listen(): Promise<{ socket: string }>;
}

/**
 * The listener for the operator, who may do everything. Whoever asks must be able to reach the socket and to read the
 * secret that lies beside it, which is new at every start. Closing it leaves the authority open.
 */
export function createAdminServer(authority: Authority, options: ListenerOptions = {}): AdminServer {
  const secret = randomBytes(32).toString('hex');
  const app = Fastify(boundedServer(maxAdminBodyBytes, options));
  handleErrors(app, options.onFailure ?? (() => undefined));
  app.addHook('onRequest', async (request) => assertSecret(request, secret));
  addAdminRoutes(app, () => authority);

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
