import type { FastifyReply, FastifyRequest } from 'fastify';
import { ClientError } from '../error.js';
import type { PageSessions } from './page-session.js';

/** Nothing of the page comes from elsewhere, and nobody frames it. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Sent with every answer, refusals too. */
export function securityHeaders(): Readonly<Record<string, string>> {
  return headers;
}

export interface GuardMeans {
  port: () => number;
  sessions: PageSessions;
  /** Whether the connection is of this user. */
  isOwnCaller(request: FastifyRequest): Promise<boolean>;
}

const sessionRoute = '/page/session';

/**
 * Refuses, before anything is read: a name that is not this host's (DNS rebinding), another page's requests (CSRF), another user's
 * connections, and whatever has no session.
 */
export function pageGuard({ port, sessions, isOwnCaller }: GuardMeans) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(headers);
    const { host, cookie } = request.headers;
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    if (host === undefined || !hosts.includes(host.toLowerCase()))
      throw new ClientError('HOST_REFUSED', 'This page answers to the names of this machine alone');
    if (!(await isOwnCaller(request)))
      throw new ClientError('CALLER_REFUSED', 'This page belongs to another user of this machine');
    const path = request.url.split('?', 1)[0] ?? '';
    if (path !== '/page' && !path.startsWith('/page/')) return;
    assertOwnPage(request, host.toLowerCase());
    const opensSession = path === sessionRoute && request.method === 'POST';
    if (!opensSession && !sessions.holds(cookie))
      throw new ClientError('SESSION_REQUIRED', 'There is no session: ask for a new address of the page');
    reply.header('cache-control', 'no-store');
  };
}

/** What changes something must say that it comes from this page; what only reads must not say otherwise (Fetch Metadata). */
function assertOwnPage({ method, headers: fields }: FastifyRequest, host: string): void {
  const { origin } = fields;
  const onlyReads = method === 'GET' || method === 'HEAD';
  const site = fields['sec-fetch-site'];
  const isElsewhere = site !== undefined && site !== 'same-origin' && !(site === 'none' && onlyReads);
  const isForeign = origin === undefined ? !onlyReads : origin.toLowerCase() !== `http://${host}`;
  if (isElsewhere || isForeign)
    throw new ClientError('ORIGIN_REFUSED', 'This was asked for by another page than this host’s own');
}
