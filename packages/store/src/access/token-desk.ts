import type { NewToken, StoreRole, TokenRecord, TokenScope, TokenWish } from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { appendAudit } from '../audit/audit-log.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import { scopesOf } from './access-table.js';
import { actorOf, type Caller, type TokenHolder } from './caller.js';
import { plainLine } from './plain-text.js';
import { createSecret, hashOfSecret, isSecretOf, parseSecret, type Secret, secretText } from './secret.js';

const dayMs = 24 * 60 * 60 * 1000;
const defaultValidityDays = 365;
/** Last use is kept to the hour: enough to find tokens nobody uses, too little to follow anybody. */
const lastUseMs = 60 * 60 * 1000;
/** Unrevoked, unexpired ones of one organization, or of operators and reviewers together. */
const maxTokens = 100;
/** How long records of dead tokens are shown. */
const shownMs = 90 * dayMs;

type Row = Selectable<StoreTables['tokens']>;

export interface TokenDesk {
  /**
   * Whose token this is, if it is in force.
   * @param text  as it was sent, `jpl_…`
   * @throws {StoreError} TOKEN_MALFORMED | TOKEN_UNKNOWN (also for a wrong secret) | TOKEN_EXPIRED | TOKEN_REVOKED
   */
  authenticate(text: string): Promise<TokenHolder>;
  /**
   * A new token; its text is in this answer and nowhere else.
   * @throws {StoreError} ROLE_NOT_ALLOWED | ORGANIZATION_FOREIGN | ORGANIZATION_NOT_FOUND | SCOPE_NOT_ALLOWED | EXPIRY_NOT_ALLOWED |
   *   TEXT_NOT_ALLOWED | STATE_CONFLICT (too many)
   */
  create(caller: Caller, wish: TokenWish): Promise<NewToken>;
  /** Publishers see their organization's, operators all; newest first. */
  list(caller: Caller): Promise<TokenRecord[]>;
  /** @throws {StoreError} TOKEN_NOT_FOUND */
  revoke(caller: Caller, id: string): Promise<TokenRecord>;
}

export interface TokenDeskOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
}

export function createTokenDesk({ database, clock }: TokenDeskOptions): TokenDesk {
  return {
    async authenticate(text) {
      const given = parseSecret(text);
      if (given?.kind !== 'jpl') throw new StoreError('TOKEN_MALFORMED', 'A token looks like jpl_…_….');
      const row = await database.queries
        .selectFrom('tokens')
        .selectAll()
        .where('id', '=', given.id)
        .executeTakeFirst();
      const isRight = isSecretOf(given.secret, row?.secret_hash);
      if (row === undefined || !isRight)
        throw new StoreError('TOKEN_UNKNOWN', 'This store knows no such token.');
      assertInForce(row, clock());
      await noteUse(database, row, clock());
      return holderOf(row);
    },
    async create(caller, wish) {
      const at = clock();
      return await database.transact((tx) => createToken(tx, caller, wish, at));
    },
    async list(caller) {
      const oldest = clock().getTime() - shownMs;
      const rows = await database.queries
        .selectFrom('tokens')
        .selectAll()
        .where('expires_at', '>', oldest)
        .where((where) => where.or([where('revoked_at', 'is', null), where('revoked_at', '>', oldest)]))
        .$if(caller.role === 'publisher', (query) =>
          query.where('organization', '=', caller.role === 'publisher' ? (caller.organization ?? '') : ''),
        )
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(1_000)
        .execute();
      return rows.map(recordOf);
    },
    async revoke(caller, id) {
      const at = clock();
      return await database.transact(async (tx) => {
        const row = await tx.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
        const isHidden = caller.role === 'publisher' && row?.organization !== caller.organization;
        if (row === undefined || isHidden) throw new StoreError('TOKEN_NOT_FOUND', 'There is no such token.');
        if (row.revoked_at !== null) return recordOf(row);
        await tx.updateTable('tokens').set({ revoked_at: at.getTime() }).where('id', '=', id).execute();
        await appendAudit(tx, { at, actor: actorOf(caller), action: 'token-revoked', ...tokenSubject(row) });
        return recordOf({ ...row, revoked_at: at.getTime() });
      });
    },
  };
}

/**
 * Makes a token as part of a larger transaction; see {@link TokenDesk.create}.
 * @param secret  one that was kept before the transaction began
 */
export async function createToken(
  tx: StoreTransaction,
  caller: Caller | { readonly role: 'store' },
  wish: TokenWish,
  at: Date,
  secret: Secret = createSecret(),
): Promise<NewToken> {
  const { role, organization = null } = wish;
  if (caller.role !== 'store') assertMayCreate(caller, wish);
  if ((role === 'publisher') !== (organization !== null)) {
    throw new StoreError(
      'ORGANIZATION_NOT_FOUND',
      'A publisher’s token names its organization, and no other does.',
    );
  }
  if (organization !== null) await assertOrganization(tx, organization);
  await assertNotTooMany(tx, organization, at);
  const expiresAt = at.getTime() + (wish.validityDays ?? defaultValidityDays) * dayMs;
  if (caller.role === 'publisher' && expiresAt > caller.expiresAt.getTime()) {
    throw new StoreError('EXPIRY_NOT_ALLOWED', 'A token cannot make one that outlives it.');
  }
  const row: Row = {
    id: secret.id,
    secret_hash: hashOfSecret(secret.secret),
    label: plainLine('label', wish.label),
    role,
    organization,
    scopes: JSON.stringify(wish.scopes ?? scopesOf[role]),
    created_at: at.getTime(),
    created_by: caller.role === 'store' ? 'store' : actorOf(caller),
    expires_at: expiresAt,
    revoked_at: null,
    last_used_at: null,
  };
  await tx.insertInto('tokens').values(row).execute();
  const actor = row.created_by ?? 'store';
  await appendAudit(tx, { at, actor, action: 'token-created', ...tokenSubject(row) });
  return { ...recordOf(row), token: secretText('jpl', secret) };
}

/** @throws {StoreError} ROLE_NOT_ALLOWED | ORGANIZATION_FOREIGN | SCOPE_NOT_ALLOWED */
function assertMayCreate(caller: Caller, { role, organization, scopes }: TokenWish): void {
  const wished = scopes ?? scopesOf[role];
  const impossible = wished.find((scope) => !scopesOf[role].includes(scope));
  if (impossible !== undefined) {
    throw new StoreError('SCOPE_NOT_ALLOWED', `A ${role}’s token cannot have the scope "${impossible}".`);
  }
  if (caller.role === 'operator') return;
  if (caller.role !== 'publisher' || role !== 'publisher') {
    throw new StoreError('ROLE_NOT_ALLOWED', `Only an operator makes a token for a ${role}.`);
  }
  if (organization !== caller.organization) {
    throw new StoreError('ORGANIZATION_FOREIGN', 'A publisher makes tokens for its own organization only.');
  }
  const more = wished.find((scope) => !caller.scopes.includes(scope));
  if (more !== undefined) {
    throw new StoreError('SCOPE_NOT_ALLOWED', `This token has not the scope "${more}" to give away.`);
  }
}

/** @throws {StoreError} ORGANIZATION_NOT_FOUND */
async function assertOrganization(tx: StoreTransaction, organization: string): Promise<void> {
  const found = await tx
    .selectFrom('organizations')
    .select('identity')
    .where('identity', '=', organization)
    .executeTakeFirst();
  if (found === undefined) throw new StoreError('ORGANIZATION_NOT_FOUND', 'There is no such organization.');
}

/** @throws {StoreError} STATE_CONFLICT */
async function assertNotTooMany(tx: StoreTransaction, organization: string | null, at: Date): Promise<void> {
  const { count } = await tx
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('organization', organization === null ? 'is' : '=', organization)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at.getTime())
    .executeTakeFirstOrThrow();
  if (Number(count) >= maxTokens) {
    throw new StoreError(
      'STATE_CONFLICT',
      `There are ${maxTokens} tokens in force already; revoke some first.`,
    );
  }
}

/** @throws {StoreError} TOKEN_REVOKED | TOKEN_EXPIRED */
function assertInForce({ revoked_at, expires_at }: Row, at: Date): void {
  if (revoked_at !== null) throw new StoreError('TOKEN_REVOKED', 'This token was revoked.');
  if (expires_at <= at.getTime()) {
    throw new StoreError('TOKEN_EXPIRED', `This token expired at ${new Date(expires_at).toISOString()}.`);
  }
}

async function noteUse({ queries }: StoreDatabase, row: Row, at: Date): Promise<void> {
  const hour = Math.floor(at.getTime() / lastUseMs) * lastUseMs;
  if (row.last_used_at !== null && row.last_used_at >= hour) return;
  await queries.updateTable('tokens').set({ last_used_at: hour }).where('id', '=', row.id).execute();
}

function tokenSubject({ id, label, role, organization, expires_at }: Row) {
  return {
    subject: `token/${id}`,
    detail: {
      label,
      role,
      organization: organization ?? undefined,
      expiresAt: new Date(expires_at).toISOString(),
    },
  };
}

function holderOf(row: Row): TokenHolder {
  const { id, label, role, organization, expires_at } = row;
  return {
    role,
    token: id,
    label,
    scopes: scopesIn(row),
    expiresAt: new Date(expires_at),
    organization: organization ?? undefined,
  };
}

function recordOf(row: Row): TokenRecord {
  const { id, label, role, organization, created_at, created_by, expires_at, revoked_at, last_used_at } = row;
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    id,
    label,
    role,
    ...(organization === null ? {} : { organization }),
    scopes: [...scopesIn(row)],
    createdAt: time(created_at),
    ...(created_by === null ? {} : { createdBy: created_by }),
    expiresAt: time(expires_at),
    ...(revoked_at === null ? {} : { revokedAt: time(revoked_at) }),
    ...(last_used_at === null ? {} : { lastUsedAt: time(last_used_at) }),
  };
}

/** Never more than the role has, whatever a row says. */
function scopesIn({ role, scopes }: { role: StoreRole; scopes: string | null }): readonly TokenScope[] {
  if (scopes === null) return scopesOf[role];
  const kept: readonly unknown[] = JSON.parse(scopes);
  return scopesOf[role].filter((scope) => kept.includes(scope));
}
