import type { StoreRole, TokenScope } from '@jami-plugin-store/contract';

/**
 * Who may call a route: `anyone` (no token asked for), `requester` (who has the secret of the certificate request that the address
 * names), or a token's role.
 */
export type AccessRole = 'anyone' | 'requester' | StoreRole;

export interface AccessRule {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  /** As the framework writes it: `:name` is one segment. */
  readonly path: string;
  readonly roles: readonly AccessRole[];
  /** What of its role's powers a token must have for it. */
  readonly scope?: TokenScope | undefined;
  /** Whose bucket a request is taken from where it needs no token. */
  readonly open?: 'filing' | 'reading' | undefined;
}

/** What each role's tokens may do at most. */
export const scopesOf: Readonly<Record<StoreRole, readonly TokenScope[]>> = {
  publisher: ['publish', 'manage', 'certificates', 'tokens'],
  reviewer: ['review', 'manage', 'audit'],
  operator: ['operate', 'review', 'manage', 'tokens', 'audit'],
};

const deciding = ['reviewer', 'operator'] as const;
const everyToken = ['publisher', 'reviewer', 'operator'] as const;

/**
 * Every route that changes something or is not for everyone. A route of the publishing side that is not here is not served; the routes for
 * reading (docs/store.md) are for anyone and stand in no table.
 */
export const accessTable = [
  { method: 'GET', path: '/v1/session', roles: everyToken },
  { method: 'GET', path: '/v1/tokens', roles: ['publisher', 'operator'], scope: 'tokens' },
  { method: 'POST', path: '/v1/tokens', roles: ['publisher', 'operator'], scope: 'tokens' },
  { method: 'DELETE', path: '/v1/tokens/:id', roles: ['publisher', 'operator'], scope: 'tokens' },

  { method: 'GET', path: '/v1/terms', roles: ['anyone'], open: 'reading' },
  {
    method: 'POST',
    path: '/v1/certificate-requests',
    roles: ['anyone', 'publisher'],
    scope: 'certificates',
    open: 'filing',
  },
  { method: 'GET', path: '/v1/certificate-requests', roles: deciding, scope: 'review' },
  {
    method: 'GET',
    path: '/v1/certificate-requests/:id',
    roles: ['requester', ...deciding],
    scope: 'review',
    open: 'reading',
  },
  { method: 'POST', path: '/v1/certificate-requests/:id/accept', roles: deciding, scope: 'review' },
  { method: 'POST', path: '/v1/certificate-requests/:id/decline', roles: deciding, scope: 'review' },
  { method: 'POST', path: '/v1/certificate-requests/:id/withdraw', roles: ['requester'], open: 'reading' },
  { method: 'POST', path: '/v1/certificate-requests/:id/token', roles: ['requester'], open: 'reading' },

  { method: 'GET', path: '/v1/organizations', roles: deciding, scope: 'review' },
  { method: 'POST', path: '/v1/organizations', roles: ['operator'], scope: 'operate' },
  { method: 'PUT', path: '/v1/organizations/:id/trust', roles: ['operator'], scope: 'operate' },

  { method: 'PUT', path: '/v1/packages', roles: ['publisher'], scope: 'publish' },
  { method: 'POST', path: '/v1/uploads', roles: ['publisher'], scope: 'publish' },
  { method: 'GET', path: '/v1/uploads/:id', roles: ['publisher'], scope: 'publish' },
  { method: 'HEAD', path: '/v1/uploads/:id', roles: ['publisher'], scope: 'publish' },
  { method: 'PATCH', path: '/v1/uploads/:id', roles: ['publisher'], scope: 'publish' },
  { method: 'DELETE', path: '/v1/uploads/:id', roles: ['publisher'], scope: 'publish' },

  { method: 'GET', path: '/v1/submissions', roles: everyToken },
  { method: 'GET', path: '/v1/submissions/:sha256', roles: everyToken },
  { method: 'GET', path: '/v1/submissions/:sha256/package', roles: everyToken },
  { method: 'POST', path: '/v1/submissions/:sha256/accept', roles: deciding, scope: 'review' },
  { method: 'POST', path: '/v1/submissions/:sha256/decline', roles: deciding, scope: 'review' },
  { method: 'POST', path: '/v1/submissions/:sha256/withdraw', roles: ['publisher'], scope: 'publish' },

  { method: 'POST', path: '/v1/plugins/:id/versions/:version/yank', roles: everyToken, scope: 'manage' },
  { method: 'POST', path: '/v1/plugins/:id/versions/:version/unyank', roles: everyToken, scope: 'manage' },
  { method: 'PUT', path: '/v1/plugins/:id/deprecation', roles: everyToken, scope: 'manage' },
  { method: 'DELETE', path: '/v1/plugins/:id/deprecation', roles: everyToken, scope: 'manage' },
  { method: 'POST', path: '/v1/plugins/:id/transfers', roles: ['publisher'], scope: 'manage' },
  { method: 'GET', path: '/v1/transfers', roles: everyToken },
  { method: 'POST', path: '/v1/transfers/:id/accept', roles: ['publisher'], scope: 'manage' },
  { method: 'POST', path: '/v1/transfers/:id/decline', roles: ['publisher'], scope: 'manage' },
  { method: 'POST', path: '/v1/transfers/:id/withdraw', roles: ['publisher'], scope: 'manage' },

  { method: 'POST', path: '/v1/delegation-requests', roles: ['publisher'], scope: 'certificates' },
  { method: 'POST', path: '/v1/delegations', roles: ['publisher'], scope: 'certificates' },
  { method: 'POST', path: '/v1/registrations', roles: ['publisher'], scope: 'certificates' },

  { method: 'GET', path: '/v1/audit', roles: deciding, scope: 'audit' },

  { method: 'PUT', path: '/v1/application/:channel', roles: ['operator'], scope: 'operate' },
  { method: 'PUT', path: '/v1/application/installers/:sha256', roles: ['operator'], scope: 'operate' },
] as const satisfies readonly AccessRule[];

type NameOf<Rule> = Rule extends { method: infer Method extends string; path: infer Path extends string }
  ? `${Method} ${Path}`
  : never;

/** `METHOD path` of a route of the table. */
export type GuardedRoute = NameOf<(typeof accessTable)[number]>;

/** Methods of the table at a path. */
export function guardedMethodsOf(path: string): string[] {
  return accessTable.filter((rule) => rule.path === path).map(({ method }) => method);
}
