import {
  Decision,
  Deprecation,
  DeprecationWish,
  Transfer,
  TransferList,
  TransferWish,
  YankedVersion,
} from '@jami-plugin-store/contract';
import { type GuardedRequest, type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import { pluginIdOf } from '../serving/route-input.js';
import type { Releases } from './releases.js';
import type { Transfers } from './transfers.js';

/** What becomes of published plugins. */
export function releaseRoutes(releases: Releases, transfers: Transfers) {
  const yank = (isYank: boolean) => ({
    body: Decision,
    response: YankedVersion,
    handle: async ({ caller, params, body }: GuardedRequest<Decision>) => ({
      body: await releases.yank(caller, pluginIdOf(params.id), params.version ?? '', {
        yank: isYank,
        reason: body.reason,
      }),
    }),
  });
  const settle = (step: 'accept' | 'decline' | 'withdraw') => ({
    response: Transfer,
    handle: async ({ caller, params }: GuardedRequest) => ({
      body: await transfers[step](caller, params.id ?? ''),
    }),
  });
  return {
    'POST /v1/plugins/:id/versions/:version/yank': guarded({
      summary: 'Takes a version back: offered to nobody, there for who asks for exactly it',
      ...yank(true),
    }),
    'POST /v1/plugins/:id/versions/:version/unyank': guarded({
      summary: 'Offers a version again',
      ...yank(false),
    }),
    'PUT /v1/plugins/:id/deprecation': guarded({
      summary: 'Says that a plugin is no longer cared for, and what to use instead',
      body: DeprecationWish,
      response: Deprecation,
      handle: async ({ caller, params, body }) => ({
        body: await releases.deprecate(caller, pluginIdOf(params.id), body),
      }),
    }),
    'DELETE /v1/plugins/:id/deprecation': guarded({
      summary: 'Takes that back',
      response: Deprecation,
      handle: async ({ caller, params }) => ({
        body: await releases.deprecate(caller, pluginIdOf(params.id), undefined),
      }),
    }),
    'POST /v1/plugins/:id/transfers': guarded({
      summary: 'Offers a plugin to another organization',
      body: TransferWish,
      response: Transfer,
      handle: async ({ caller, params, body }) => ({
        status: 201,
        body: await transfers.offer(caller, pluginIdOf(params.id), body),
      }),
    }),
    'GET /v1/transfers': guarded({
      summary: 'Offers from and to the caller’s organization',
      response: TransferList,
      handle: async ({ caller }) => ({ body: await transfers.list(caller) }),
    }),
    'POST /v1/transfers/:id/accept': guarded({
      summary: 'Takes an offered plugin over',
      ...settle('accept'),
    }),
    'POST /v1/transfers/:id/decline': guarded({ summary: 'Declines an offer', ...settle('decline') }),
    'POST /v1/transfers/:id/withdraw': guarded({ summary: 'Takes an offer back', ...settle('withdraw') }),
  } satisfies Partial<GuardedRoutes>;
}
