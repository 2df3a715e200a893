import { NewToken, Session, TokenList, TokenRecord, TokenWish } from '@jami-plugin-store/contract';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { type GuardedRoutes, guarded } from './guarded-routes.js';
import type { TokenDesk } from './token-desk.js';

export interface AccessRoutesOptions {
  readonly tokens: TokenDesk;
  readonly database: StoreDatabase;
}

/** Who one is, and the tokens one may hand out. */
export function accessRoutes({ tokens, database }: AccessRoutesOptions) {
  return {
    'GET /v1/session': guarded({
      summary: 'Whom the store takes the holder of the token for',
      response: Session,
      async handle({ caller }) {
        if (caller.role === 'anyone' || caller.role === 'requester')
          throw new StoreError('TOKEN_MISSING', 'This needs a token.');
        const { role, token, label, scopes, expiresAt, organization } = caller;
        const session: Session = {
          role,
          token,
          label,
          scopes: [...scopes],
          expiresAt: expiresAt.toISOString(),
          ...(organization === undefined
            ? {}
            : { organization: await describeOrganization(database, organization) }),
        };
        return { body: session };
      },
    }),
    'GET /v1/tokens': guarded({
      summary: 'Tokens: of the caller’s organization, for operators all',
      response: TokenList,
      handle: async ({ caller }) => ({ body: { tokens: await tokens.list(caller) } satisfies TokenList }),
    }),
    'POST /v1/tokens': guarded({
      summary: 'Makes a token; it is shown this once',
      body: TokenWish,
      response: NewToken,
      handle: async ({ caller, body }) => ({ status: 201, body: await tokens.create(caller, body) }),
    }),
    'DELETE /v1/tokens/:id': guarded({
      summary: 'Revokes a token for good',
      response: TokenRecord,
      handle: async ({ caller, params }) => ({ body: await tokens.revoke(caller, params.id ?? '') }),
    }),
  } satisfies Partial<GuardedRoutes>;
}

async function describeOrganization({ queries }: StoreDatabase, id: string) {
  const { name, is_trusted } = await queries
    .selectFrom('organizations')
    .select(['name', 'is_trusted'])
    .where('identity', '=', id)
    .executeTakeFirstOrThrow();
  return { id, name, trusted: is_trusted === 1 };
}
