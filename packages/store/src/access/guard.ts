import type { FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';
import type { AccessRule } from './access-table.js';
import { addressKey } from './address-key.js';
import type { Caller, TokenHolder } from './caller.js';
import { type Rate, RateLimit } from './rate-limit.js';
import type { TokenDesk } from './token-desk.js';

export interface GuardRates {
  /** Requests of one token. */
  readonly token: Rate;
  /** Certificate requests filed from one address. */
  readonly filing: Rate;
  /** Other requests without a token from one address. */
  readonly reading: Rate;
  /** Tokens and secrets from one address that were none. */
  readonly failing: Rate;
}

const defaultRates: GuardRates = {
  token: { burst: 300, perSecond: 10 },
  filing: { burst: 10, perSecond: 1 / 360 },
  reading: { burst: 60, perSecond: 1 },
  failing: { burst: 20, perSecond: 1 / 10 },
};

export interface GuardOptions {
  readonly tokens: TokenDesk;
  /** Whether a secret is the one that a certificate request is followed with. */
  readonly isRequester: (request: string, text: string) => Promise<boolean>;
  readonly rates?: Partial<GuardRates> | undefined;
  /** Milliseconds of a clock that only rises. */
  readonly now: () => number;
}

/** Lets a request on to its route, or not. */
export interface Guard {
  /**
   * @throws {StoreError} RATE_LIMITED | TOKEN_* | SECRET_WRONG | ROLE_NOT_ALLOWED | SCOPE_MISSING
   */
  admit(request: FastifyRequest, rule: AccessRule): Promise<Caller>;
}

export function createGuard(options: GuardOptions): Guard {
  const { tokens, isRequester, now } = options;
  const rates = { ...defaultRates, ...options.rates };
  const limits = {
    token: new RateLimit(rates.token),
    filing: new RateLimit(rates.filing),
    reading: new RateLimit(rates.reading),
    failing: new RateLimit(rates.failing),
  };

  async function admitOpen(rule: AccessRule, address: string): Promise<Caller> {
    if (!rule.roles.includes('anyone')) {
      throw new StoreError('TOKEN_MISSING', 'This needs a token: Authorization: Bearer jpl_…');
    }
    assertLeft(limits[rule.open ?? 'reading'].take(address, now()));
    return { role: 'anyone' };
  }

  async function admitRequester(request: FastifyRequest, rule: AccessRule, text: string): Promise<Caller> {
    const { id } = request.params as { id?: unknown };
    if (!rule.roles.includes('requester') || typeof id !== 'string') {
      throw new StoreError('ROLE_NOT_ALLOWED', 'The secret of a certificate request does not open this.');
    }
    if (await isRequester(id, text)) return { role: 'requester', request: id };
    throw new StoreError('SECRET_WRONG', 'This is not the secret of that request.');
  }

  return {
    async admit(request, rule) {
      const address = addressKey(request.ip);
      const text = bearerOf(request);
      if (text === undefined) return await admitOpen(rule, address);
      // Guessing is hopeless; this keeps it cheap as well.
      assertLeft(limits.failing.waitOf(address, now()));
      try {
        if (text.startsWith('jpr_')) {
          const caller = await admitRequester(request, rule, text);
          assertLeft(limits.reading.take(address, now()));
          return caller;
        }
        const holder = await tokens.authenticate(text);
        assertLeft(limits.token.take(holder.token, now()));
        // A token never makes less of its holder than anyone may do.
        if (rule.roles.includes('anyone') && !rule.roles.includes(holder.role))
          return await admitOpen(rule, address);
        assertAllowed(holder, rule);
        return holder;
      } catch (error) {
        if (error instanceof StoreError && error.status === 401) limits.failing.take(address, now());
        throw error;
      }
    },
  };
}

/** RFC 6750 2.1: the header alone; a token in an address ends in logs. @throws {StoreError} TOKEN_MALFORMED */
function bearerOf({ headers }: FastifyRequest): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  const [, text] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (text !== undefined) return text;
  throw new StoreError('TOKEN_MALFORMED', 'The header is "Authorization: Bearer jpl_…".');
}

/** @throws {StoreError} ROLE_NOT_ALLOWED | SCOPE_MISSING */
function assertAllowed({ role, scopes }: TokenHolder, rule: AccessRule): void {
  if (!rule.roles.includes(role)) {
    throw new StoreError('ROLE_NOT_ALLOWED', `A ${role} may not do this.`);
  }
  if (rule.scope !== undefined && !scopes.includes(rule.scope)) {
    throw new StoreError('SCOPE_MISSING', `This token has not the scope "${rule.scope}".`);
  }
}

/** @throws {StoreError} RATE_LIMITED */
function assertLeft(waitSeconds: number): void {
  if (waitSeconds === 0) return;
  throw new StoreError('RATE_LIMITED', `Too many requests; try again in ${waitSeconds} s.`, {
    headers: { 'retry-after': String(waitSeconds) },
  });
}
