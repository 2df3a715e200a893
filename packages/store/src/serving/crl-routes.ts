import type { RootCrl } from './root-crl.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';

/** `/crl/root`: the root's revocation list, DER. */
export function crlRoutes(crl: RootCrl): ServedRoute[] {
  return [
    {
      path: '/crl/root',
      async handle(request, reply) {
        const { body, nextUpdate } = await crl.current();
        if (nextUpdate !== undefined) reply.header('expires', nextUpdate.toUTCString());
        return sendPrepared(request, reply, body);
      },
    },
  ];
}
