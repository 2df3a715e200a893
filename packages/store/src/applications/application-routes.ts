import {
  type ApplicationChannel,
  SignedApplicationRelease,
  UploadedInstaller,
} from '@jami-plugin-store/contract';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import { StoreError } from '../error.js';
import { digestOf } from '../serving/route-input.js';
import type { ApplicationReleases } from './application-releases.js';

/** The operator's side of applications that update themselves. */
export function applicationRoutes(releases: ApplicationReleases) {
  return {
    'PUT /v1/application/:channel': guarded({
      summary: 'Publishes a signed release of the application',
      body: SignedApplicationRelease,
      response: SignedApplicationRelease,
      handle: async ({ caller, params, body }) => ({
        body: await releases.publish(caller, channelOf(params.channel), body),
      }),
    }),
    'PUT /v1/application/installers/:sha256': guarded({
      summary: 'Uploads an installer, by its digest',
      takesStream: true,
      response: UploadedInstaller,
      handle: async ({ caller, params, stream, signal }) => ({
        status: 201,
        body: await releases.putInstaller(caller, digestOf(params.sha256), stream, signal),
      }),
    }),
  } satisfies Partial<GuardedRoutes>;
}

/** @throws {StoreError} REQUEST_MALFORMED */
function channelOf(name: string | undefined): ApplicationChannel {
  if (name === 'stable' || name === 'beta') return name;
  throw new StoreError('REQUEST_MALFORMED', 'The channels are stable and beta.');
}
