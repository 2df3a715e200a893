import { authorityPublicPaths } from '@jami-plugin-store/contract';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { BoundedCache } from './bounded-cache.js';
import { PublishedCrl, type PublishedCrlOptions } from './published-crl.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';

export interface CrlRoutesOptions extends Pick<PublishedCrlOptions, 'fetch' | 'clock' | 'onFailure'> {
  readonly database: StoreDatabase;
  readonly root: PublishedCrl;
  /** Public listener of the authority, which publishes the lists of organizations. */
  readonly authorityUrl: string | undefined;
}

const cacheLimits = { maxEntries: 1_000, maxBytes: 1_000, maxMaking: 8 };

/** `/crl/root` and `/crl/:issuer`: revocation lists of the root and of organizations, DER, as their authority publishes them. */
export function crlRoutes({ database, root, authorityUrl, ...base }: CrlRoutesOptions): ServedRoute[] {
  const lists = new BoundedCache<PublishedCrl>(cacheLimits, () => 1);
  const make = async (issuer: string): Promise<PublishedCrl> => {
    const issuers = authorityUrl === undefined ? [] : await issuersOf(database, issuer);
    if (issuers.length === 0) {
      throw new StoreError('CRL_NOT_CONFIGURED', 'This store has no revocation list of such an issuer.');
    }
    const url = new URL(authorityPublicPaths.crl(issuer), authorityUrl).href;
    return new PublishedCrl({ ...base, url, issuers });
  };
  return [
    {
      path: '/crl/:issuer',
      async handle(request, reply) {
        const { issuer } = request.params as { issuer: string };
        const list = issuer === 'root' ? root : await lists.get(issuer, () => make(issuer));
        const { body, nextUpdate } = await list.current();
        if (nextUpdate !== undefined) reply.header('expires', nextUpdate.toUTCString());
        return sendPrepared(request, reply, body);
      },
    },
  ];
}

/** Certificates of an organization that has published something here, by its key. */
async function issuersOf({ queries }: StoreDatabase, issuer: string): Promise<Certificate[]> {
  const rows = await queries
    .selectFrom('organization_certificates')
    .innerJoin('certificates', 'certificates.sha256', 'organization_certificates.sha256')
    .select('certificates.der')
    .where('organization_certificates.issuer_id', '=', issuer)
    .execute();
  return rows.map(({ der }) => parseCertificate(Buffer.from(der, 'base64')));
}
