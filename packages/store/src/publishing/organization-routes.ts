import {
  OrganizationList,
  OrganizationRecord,
  OrganizationWish,
  TrustWish,
} from '@jami-plugin-store/contract';
import { Type } from 'typebox';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import type { Organizations } from './organizations.js';

const OrganizationQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  { additionalProperties: false },
);

/** Who publishes here, and who does so without review. */
export function organizationRoutes(organizations: Organizations) {
  return {
    'GET /v1/organizations': guarded({
      summary: 'Organizations known here',
      query: OrganizationQuery,
      response: OrganizationList,
      handle: async ({ query }) => ({ body: await organizations.list(query) }),
    }),
    'POST /v1/organizations': guarded({
      summary: 'Makes an organization known by its certificate',
      body: OrganizationWish,
      response: OrganizationRecord,
      handle: async ({ caller, body, signal }) => ({
        status: 201,
        body: await organizations.add(caller, body, signal),
      }),
    }),
    'PUT /v1/organizations/:id/trust': guarded({
      summary: 'Lets an organization publish without review, or no longer',
      body: TrustWish,
      response: OrganizationRecord,
      handle: async ({ caller, params, body }) => ({
        body: await organizations.trust(caller, params.id ?? '', body),
      }),
    }),
  } satisfies Partial<GuardedRoutes>;
}
