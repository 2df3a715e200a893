import { createHash } from 'node:crypto';
import type {
  CertificateRequest,
  CertificateRequestPage,
  CertificateRequestQuery,
  CertificateWish,
  FiledCertificateRequest,
  IssuedChain,
  NewToken,
  RequestCheck,
  ReviewedCertificateRequest,
  Terms,
} from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { actorOf, type Caller, organizationOf } from '../access/caller.js';
import { plainLine, plainText } from '../access/plain-text.js';
import { createSecret, hashOfSecret, isSecretOf, parseSecret, secretText } from '../access/secret.js';
import { createToken } from '../access/token-desk.js';
import { appendAudit } from '../audit/audit-log.js';
import type { StoreDatabase, StoreQueries, StoreTransaction } from '../database/database.js';
import { isKeyTaken } from '../database/database-failure.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import type { AuthorityLink } from './authority-link.js';
import {
  assertKey,
  type ChainPolicy,
  judgeOrganizationChain,
  judgePluginChain,
  notForRequest,
} from './issued-chain.js';
import { enterOrganization, issuerOf, organizationRow } from './organizations.js';
import { type Position, pageOf, positionOf } from './page-position.js';
import { requestTransitions } from './request-states.js';

export interface CertificateRequestsOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly policy: (at: Date) => ChainPolicy;
  /** Undefined: this store takes no requests. */
  readonly authority: AuthorityLink | undefined;
  /** What an organization has to agree to; undefined = nothing. */
  readonly terms: string | undefined;
  readonly maxOpen?: number | undefined;
}

export interface CertificateRequests {
  /** @throws {StoreError} TERMS_NOT_CONFIGURED */
  terms(): Terms;
  /**
   * Files a request that the authority would grant as it is.
   * @throws {AuthorityRefusal} the exact reason why the authority would not
   * @throws {StoreError} TERMS_NOT_AGREED | TEXT_NOT_ALLOWED | CERTIFICATE_REQUEST_DUPLICATE | CERTIFICATE_REQUESTS_TOO_MANY |
   *   ORGANIZATION_FOREIGN | ORGANIZATION_KEY_UNKNOWN | ROLE_NOT_ALLOWED | AUTHORITY_NOT_CONFIGURED | AUTHORITY_UNAVAILABLE
   */
  file(caller: Caller, wish: CertificateWish): Promise<FiledCertificateRequest>;
  /** @throws {StoreError} CERTIFICATE_REQUEST_NOT_FOUND */
  show(caller: Caller, id: string): Promise<CertificateRequest | ReviewedCertificateRequest>;
  /** Newest first. */
  list(query: CertificateRequestQuery): Promise<CertificateRequestPage>;
  /**
   * Takes the certificate that a reviewer had the authority issue, if it is the one for this request's key under a root of this store.
   * The same chain again is no second decision.
   * @throws {StoreError} CERTIFICATE_REQUEST_NOT_FOUND | STATE_CONFLICT | CERTIFICATE_NOT_FOR_REQUEST
   * @throws {TrustError} the path's or the revocation's reason
   */
  accept(caller: Caller, id: string, issued: IssuedChain, signal: AbortSignal): Promise<CertificateRequest>;
  /** @throws {StoreError} CERTIFICATE_REQUEST_NOT_FOUND | STATE_CONFLICT | TEXT_NOT_ALLOWED */
  decline(caller: Caller, id: string, reason: string): Promise<CertificateRequest>;
  /** @throws {StoreError} STATE_CONFLICT */
  withdraw(caller: Caller, id: string): Promise<CertificateRequest>;
  /**
   * The organization's first token, once.
   * @throws {StoreError} STATE_CONFLICT when there is none (any more)
   */
  collectToken(caller: Caller, id: string): Promise<NewToken>;
  /** Whether a text is the secret that a request is followed with. */
  isRequester(id: string, text: string): Promise<boolean>;
}

type Row = Selectable<StoreTables['certificate_requests']>;

const defaultMaxOpen = 1_000;
const defaultPage = 50;

export function createCertificateRequests(options: CertificateRequestsOptions): CertificateRequests {
  const { database, clock, policy } = options;
  const terms = options.terms === undefined ? undefined : termsOf(options.terms);

  async function checkAtAuthority(wish: CertificateWish, organization: string | undefined, at: Date) {
    const { authority } = options;
    if (authority === undefined) {
      throw new StoreError('AUTHORITY_NOT_CONFIGURED', 'This store takes no certificate requests.');
    }
    const { csr, use } = wish;
    if (use === 'organization') {
      const number =
        organization === undefined
          ? null
          : (await organizationRow(database.queries, organization)).authority_number;
      const check = await authority.checkRequest({
        csr,
        use,
        ...(number === null ? {} : { organization: number }),
      });
      return { check, issuer: null };
    }
    if (organization === undefined) {
      throw new StoreError(
        'ROLE_NOT_ALLOWED',
        'A plugin’s certificate is asked for by a publisher, for its organization.',
      );
    }
    const issuer = await issuerOf(database.queries, organization, at);
    return { check: await authority.checkRequest({ csr, use, issuer }), issuer };
  }

  return {
    terms() {
      if (terms !== undefined) return terms;
      throw new StoreError('TERMS_NOT_CONFIGURED', 'This store asks for no agreement to terms.');
    },
    async file(caller, wish) {
      const at = clock();
      const organization = organizationFor(caller, wish);
      if (terms !== undefined && wish.terms !== terms.version) {
        throw new StoreError(
          'TERMS_NOT_AGREED',
          `Agree to the terms (GET /v1/terms) by their version, ${terms.version}.`,
        );
      }
      const contact = plainLine('contact', wish.contact);
      const { check, issuer } = await checkAtAuthority(wish, organization, at);
      const secret = createSecret();
      const row: Row = {
        id: secret.id,
        secret_hash: hashOfSecret(secret.secret),
        kind: wish.use,
        csr: wish.csr,
        key_sha256: check.publicKeySha256,
        subject: check.subject,
        contact,
        terms: wish.terms ?? null,
        organization: organization ?? null,
        state: requestTransitions.file.to,
        created_at: at.getTime(),
        decided_at: null,
        decided_by: null,
        reason: null,
        chain: null,
        request_sha256: check.requestSha256,
        key_type: keyNameOf(check),
        issuer,
        // Whoever asks with a token has one already.
        token_collected_at: organization === undefined ? null : at.getTime(),
      };
      await database.transact((tx) => enter(tx, row, actorOf(caller), at, options.maxOpen ?? defaultMaxOpen));
      return { request: viewOf(row), secret: secretText('jpr', secret) };
    },
    async show(caller, id) {
      const row = await rowOf(database.queries, id);
      if (caller.role === 'requester') return viewOf(row);
      const number =
        row.organization === null || row.kind !== 'organization'
          ? null
          : (await organizationRow(database.queries, row.organization)).authority_number;
      return {
        ...viewOf(row),
        csr: row.csr,
        ...(number === null || row.state !== 'open' ? {} : { authorityOrganization: number }),
        ...(row.issuer === null ? {} : { authorityIssuer: row.issuer }),
      };
    },
    async list({ state, after, limit = defaultPage }) {
      const position: Position | undefined = positionOf(after);
      const rows = await database.queries
        .selectFrom('certificate_requests')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'open'))
        .$if(position !== undefined, (query) =>
          query.where((where) =>
            where.or([
              where('created_at', '<', position?.at ?? 0),
              where('created_at', '=', position?.at ?? 0).and('id', '<', position?.id ?? ''),
            ]),
          ),
        )
        .orderBy('created_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute();
      const { shown, next } = pageOf(rows, limit, ({ created_at, id }) => ({ at: created_at, id }));
      return { requests: shown.map(viewOf), ...(next === undefined ? {} : { next }) };
    },
    async accept(caller, id, issued, signal) {
      const at = clock();
      const before = await rowOf(database.queries, id);
      if (before.state === 'accepted' && before.chain === issued.chainPem) return viewOf(before);
      const reason = issued.reason === undefined ? undefined : plainText('reason', issued.reason);
      const organization = await judgeIssued(before, issued.chainPem, { ...policy(at), signal });
      return await database.transact(async (tx) => {
        const decided = await decide(tx, id, 'accept', caller, at, reason, {
          chain: issued.chainPem,
          organization: organization?.identity ?? before.organization,
        });
        const { contact } = before;
        if (organization !== undefined)
          await enterOrganization(tx, organization, { at, actor: actorOf(caller), contact });
        return viewOf(decided);
      });
    },
    async decline(caller, id, reason) {
      const at = clock();
      const why = plainText('reason', reason);
      return viewOf(await database.transact((tx) => decide(tx, id, 'decline', caller, at, why)));
    },
    async withdraw(caller, id) {
      const at = clock();
      return viewOf(await database.transact((tx) => decide(tx, id, 'withdraw', caller, at)));
    },
    async collectToken(caller, id) {
      const at = clock();
      const secret = createSecret();
      return await database.transact(async (tx) => {
        const row = await rowOf(tx, id);
        const { numUpdatedRows } = await tx
          .updateTable('certificate_requests')
          .set({ token_collected_at: at.getTime() })
          .where('id', '=', id)
          .where('state', '=', 'accepted')
          .where('kind', '=', 'organization')
          .where('token_collected_at', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n || row.organization === null) {
          throw new StoreError(
            'STATE_CONFLICT',
            row.state === 'accepted'
              ? 'The token of this request was fetched already; further ones are made with it.'
              : `A token comes with an accepted request; this one is ${row.state}.`,
          );
        }
        const subject = `request/${id}`;
        await appendAudit(tx, { at, actor: actorOf(caller), action: 'request-token-collected', subject });
        const wish = { label: 'first publisher', role: 'publisher' as const, organization: row.organization };
        return await createToken(tx, { role: 'store' }, wish, at, secret);
      });
    },
    async isRequester(id, text) {
      const given = parseSecret(text);
      if (given?.kind !== 'jpr' || given.id !== id) return false;
      const row = await database.queries
        .selectFrom('certificate_requests')
        .select('secret_hash')
        .where('id', '=', id)
        .executeTakeFirst();
      return isSecretOf(given.secret, row?.secret_hash);
    },
  };
}

function termsOf(text: string): Terms {
  return { version: createHash('sha256').update(text).digest('hex'), text };
}

/** @throws {StoreError} ROLE_NOT_ALLOWED | ORGANIZATION_FOREIGN */
function organizationFor(caller: Caller, { organization }: CertificateWish): string | undefined {
  if (caller.role === 'anyone' && organization === undefined) return undefined;
  const own = organizationOf(caller);
  if (organization === undefined || organization === own) return own;
  throw new StoreError(
    'ORGANIZATION_FOREIGN',
    'A publisher asks for certificates of its own organization only.',
  );
}

function keyNameOf({ keyType, keyBits }: RequestCheck): string {
  return keyType === 'rsa' ? `rsa-${keyBits}` : keyType;
}

async function enter(
  tx: StoreTransaction,
  row: Row,
  actor: string,
  at: Date,
  maxOpen: number,
): Promise<void> {
  const { open } = await tx
    .selectFrom('certificate_requests')
    .select(({ fn }) => fn.countAll<number>().as('open'))
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow();
  if (Number(open) >= maxOpen) {
    throw new StoreError('CERTIFICATE_REQUESTS_TOO_MANY', 'Too many requests are waiting to be looked at.', {
      headers: { 'retry-after': '3600' },
    });
  }
  try {
    await tx.insertInto('certificate_requests').values(row).execute();
  } catch (cause) {
    if (!isKeyTaken(cause)) throw cause;
    throw new StoreError('CERTIFICATE_REQUEST_DUPLICATE', 'A request for the same key is waiting already.', {
      cause,
    });
  }
  const { id, kind, subject, key_sha256, terms } = row;
  await appendAudit(tx, {
    at,
    actor,
    action: requestTransitions.file.action,
    subject: `request/${id}`,
    detail: {
      use: kind,
      name: subject,
      key: key_sha256,
      terms: terms ?? undefined,
      organization: row.organization ?? undefined,
    },
  });
}

/** One decision, once: of two at the same time one finds the other's state. @throws {StoreError} STATE_CONFLICT */
async function decide(
  tx: StoreTransaction,
  id: string,
  step: 'accept' | 'decline' | 'withdraw',
  caller: Caller,
  at: Date,
  reason?: string,
  more: Partial<Pick<Row, 'chain' | 'organization'>> = {},
): Promise<Row> {
  const { from, to, action } = requestTransitions[step];
  const actor = actorOf(caller);
  const change = { state: to, decided_at: at.getTime(), decided_by: actor, reason: reason ?? null, ...more };
  const { numUpdatedRows } = await tx
    .updateTable('certificate_requests')
    .set(change)
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst();
  const row = await rowOf(tx, id);
  if (numUpdatedRows !== 1n) throw new StoreError('STATE_CONFLICT', `This request is ${row.state} already.`);
  await appendAudit(tx, { at, actor, action, subject: `request/${id}`, reason });
  return row;
}

/** @returns the organization that an organization's certificate makes; undefined for a plugin's */
async function judgeIssued(row: Row, chainPem: string, policy: ChainPolicy) {
  if (row.kind === 'plugin') {
    assertKey(await judgePluginChain(chainPem, row.organization ?? '', policy), row.key_sha256);
    return undefined;
  }
  const judged = await judgeOrganizationChain(chainPem, policy);
  assertKey(judged.certificate, row.key_sha256);
  // A renewal leaves the organization what it is.
  if (row.organization !== null && row.organization !== judged.identity)
    throw notForRequest('it makes another organization than the one that asked for its renewal');
  return judged;
}

/** @throws {StoreError} CERTIFICATE_REQUEST_NOT_FOUND */
async function rowOf(queries: StoreQueries, id: string): Promise<Row> {
  const row = await queries
    .selectFrom('certificate_requests')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new StoreError('CERTIFICATE_REQUEST_NOT_FOUND', 'There is no such certificate request.');
}

function viewOf(row: Row): CertificateRequest {
  const { id, kind, state, subject, key_type, key_sha256, organization, contact, created_at } = row;
  return {
    id,
    use: kind,
    state,
    subject,
    key: key_type ?? '',
    keySha256: key_sha256,
    ...(organization === null ? {} : { organization }),
    contact,
    createdAt: new Date(created_at).toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: new Date(row.decided_at).toISOString() }),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.chain === null ? {} : { chainPem: row.chain }),
    tokenWaiting: kind === 'organization' && state === 'accepted' && row.token_collected_at === null,
  };
}
