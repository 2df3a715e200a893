import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { accessRoutes } from '../access/access-routes.js';
import { makeFirstToken } from '../access/first-token.js';
import { createGuard, type GuardRates } from '../access/guard.js';
import { type GuardedRoutes, serveGuarded } from '../access/guarded-routes.js';
import { createTokenDesk } from '../access/token-desk.js';
import { readApplicationKeys } from '../applications/application-keys.js';
import { createApplicationReleases } from '../applications/application-releases.js';
import { applicationRoutes } from '../applications/application-routes.js';
import { auditRoutes } from '../audit/audit-routes.js';
import type { BlobStore } from '../blobs/blob-store.js';
import type { StoreDatabase } from '../database/database.js';
import type { JudgePolicy } from '../judging/judge-package-file.js';
import { RevocationWatch } from '../revoking/revocation-watch.js';
import { uploadRoutes } from '../uploads/upload-routes.js';
import { createUploads, type UploadLimits } from '../uploads/uploads.js';
import { type AuthorityLinkOptions, createAuthorityLink } from './authority-link.js';
import { createCertificateRequests } from './certificate-requests.js';
import { delegationRoutes } from './delegation-routes.js';
import type { ChainPolicy } from './issued-chain.js';
import { organizationRoutes } from './organization-routes.js';
import { createOrganizations } from './organizations.js';
import { createReception } from './reception.js';
import { releaseRoutes } from './release-routes.js';
import { createReleases } from './releases.js';
import { requestRoutes } from './request-routes.js';
import { submissionRoutes } from './submission-routes.js';
import { createSubmissions } from './submissions.js';
import { createTransfers } from './transfers.js';

/** What an operator decides about publishing. */
export interface PublishingSettings {
  /** The authority's administrative listener and the store's credential for it; without, no certificates are asked for here. */
  readonly authority?: AuthorityLinkOptions | undefined;
  /** The authority's public listener, whose notices of revocations are heeded. */
  readonly authorityUrl?: string | undefined;
  /** Each certificate in use is asked about this often. Milliseconds; default an hour. */
  readonly revocationEveryMs?: number | undefined;
  /** What organizations agree to. */
  readonly terms?: string | undefined;
  /** Public keys of applications whose releases are taken, PEM. */
  readonly applicationKeys?: readonly string[] | undefined;
  /** Keeps the operator's first token; see `makeFirstToken`. Without, none is made. */
  readonly keepFirstToken?: ((token: string) => Promise<string>) | undefined;
  readonly rates?: Partial<GuardRates> | undefined;
  readonly uploadLimits?: Partial<UploadLimits> | undefined;
}

export interface PublishingOptions extends PublishingSettings {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  /** Asks about revocation fresh. */
  readonly judging: JudgePolicy;
  readonly log: FastifyBaseLogger;
}

/** The writing side of a store; it looks after what was published until it is closed. */
export interface Publishing extends AsyncDisposable {
  readonly revocations: RevocationWatch;
  /** What it serves, for the description of the API. */
  readonly routes: GuardedRoutes;
  /** Serves its routes; before the application listens. */
  serve(app: FastifyInstance): void;
}

/** How often uploads nobody went on with are forgotten. */
const sweepMs = 10 * 60 * 1000;

/** @throws {StoreError} AUTHORITY_NOT_CONFIGURED | APPLICATION_NOT_CONFIGURED for settings that cannot be used */
export async function openPublishing(options: PublishingOptions): Promise<Publishing> {
  const { database, blobs, clock, judging, keepFirstToken } = options;
  const keys = readApplicationKeys(options.applicationKeys ?? []);
  const authority = options.authority === undefined ? undefined : createAuthorityLink(options.authority);
  const policy = (at: Date): ChainPolicy => ({ ...judging, at });
  const base = { database, clock, policy };
  const tokens = createTokenDesk({ database, clock });
  const requests = createCertificateRequests({ ...base, authority, terms: options.terms });
  const reception = createReception({ database, blobs, clock, judging });
  const uploads = createUploads({ database, blobs, clock, reception, limits: options.uploadLimits });
  const routes: GuardedRoutes = {
    ...accessRoutes({ tokens, database }),
    ...requestRoutes(requests),
    ...organizationRoutes(createOrganizations(base)),
    ...delegationRoutes({ database, clock, authority }),
    ...uploadRoutes({ uploads, reception, blobs }),
    ...submissionRoutes(createSubmissions(base), blobs),
    ...releaseRoutes(createReleases({ database, clock }), createTransfers({ database, clock })),
    ...auditRoutes(database),
    ...applicationRoutes(createApplicationReleases({ database, blobs, clock, keys })),
  };
  const revocations = new RevocationWatch({
    ...base,
    log: options.log,
    authorityUrl: options.authorityUrl,
    everyMs: options.revocationEveryMs,
  });
  const sweeping = setInterval(() => {
    uploads.sweep().catch((error: unknown) => options.log.error({ err: error }, 'uploads were not swept'));
  }, sweepMs).unref();
  if (keepFirstToken !== undefined) await makeFirstToken({ database, clock, keep: keepFirstToken });
  return {
    revocations,
    routes,
    serve(app) {
      const guard = createGuard({
        tokens,
        isRequester: requests.isRequester,
        rates: options.rates,
        now: () => performance.now(),
      });
      serveGuarded(app, guard, routes);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await revocations[Symbol.asyncDispose]();
      await authority?.[Symbol.asyncDispose]();
    },
  };
}
