import type { OrganizationList, OrganizationRecord, OrganizationWish } from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { actorOf, type Caller } from '../access/caller.js';
import { plainLine, plainText } from '../access/plain-text.js';
import { appendAudit } from '../audit/audit-log.js';
import type { StoreDatabase, StoreQueries, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import {
  type ChainPolicy,
  judgeOrganizationChain,
  type OrganizationCertificate,
  serialText,
} from './issued-chain.js';

export interface Organizations {
  /** By identity, page by page. */
  list(query: { after?: string | undefined; limit?: number | undefined }): Promise<OrganizationList>;
  /**
   * Makes an organization known by its certificate, as operators do for roots of other authorities and for organizations whose keys
   * the authority holds.
   * @throws as `judgeOrganizationChain`, and {StoreError} TEXT_NOT_ALLOWED
   */
  add(caller: Caller, wish: OrganizationWish, signal: AbortSignal): Promise<OrganizationRecord>;
  /** @throws {StoreError} ORGANIZATION_NOT_FOUND | TEXT_NOT_ALLOWED */
  trust(
    caller: Caller,
    identity: string,
    wish: { trusted: boolean; reason: string },
  ): Promise<OrganizationRecord>;
}

export interface OrganizationsOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  readonly policy: (at: Date) => ChainPolicy;
}

const defaultPage = 50;

export function createOrganizations({ database, clock, policy }: OrganizationsOptions): Organizations {
  return {
    async list({ after, limit = defaultPage }) {
      const rows = await database.queries
        .selectFrom('organizations')
        .selectAll()
        .where('identity', '>', after ?? '')
        .orderBy('identity')
        .limit(limit + 1)
        .execute();
      const shown = rows.slice(0, limit);
      const organizations = await Promise.all(shown.map((row) => recordOf(database.queries, row)));
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return last === undefined ? { organizations } : { organizations, next: last.identity };
    },
    async add(caller, wish, signal) {
      const at = clock();
      const judged = await judgeOrganizationChain(wish.chainPem, { ...policy(at), signal });
      const contact = wish.contact === undefined ? undefined : plainLine('contact', wish.contact);
      return await database.transact(async (tx) => {
        await enterOrganization(tx, judged, { at, actor: actorOf(caller), contact });
        return await recordOf(tx, await organizationRow(tx, judged.identity));
      });
    },
    async trust(caller, identity, wish) {
      const at = clock();
      const reason = plainText('reason', wish.reason);
      return await database.transact(async (tx) => {
        const row = await organizationRow(tx, identity);
        if ((row.is_trusted === 1) === wish.trusted) return await recordOf(tx, row);
        const changed = { ...row, is_trusted: wish.trusted ? 1 : 0 };
        await tx
          .updateTable('organizations')
          .set({ is_trusted: changed.is_trusted })
          .where('identity', '=', identity)
          .execute();
        await appendAudit(tx, {
          at,
          actor: actorOf(caller),
          action: wish.trusted ? 'organization-trusted' : 'organization-untrusted',
          subject: `organization/${identity}`,
          publisher: row.name,
          reason,
        });
        return await recordOf(tx, changed);
      });
    },
  };
}

/** Enters an organization and its certificate where they are not known yet. An organization's name is that of its newest certificate. */
export async function enterOrganization(
  tx: StoreTransaction,
  { identity, name, certificate, anchor, issuerId, authorityNumber }: OrganizationCertificate,
  about: { readonly at: Date; readonly actor: string; readonly contact?: string | undefined },
): Promise<void> {
  const { at, actor, contact } = about;
  const created_at = at.getTime();
  const { numInsertedOrUpdatedRows: added } = await tx
    .insertInto('organizations')
    .values({ identity, kind: 'organization', name, contact: contact ?? null, created_at })
    .onConflict((conflict) => conflict.column('identity').doNothing())
    .executeTakeFirst();
  await tx
    .updateTable('organizations')
    .set({
      name,
      authority_number: authorityNumber ?? null,
      ...(contact === undefined ? {} : { contact }),
    })
    .where('identity', '=', identity)
    .execute();
  const { numInsertedOrUpdatedRows: certified } = await tx
    .insertInto('organization_certificates')
    .values({
      sha256: certificate.fingerprint,
      organization: identity,
      serial_number: serialText(certificate),
      issuer_id: issuerId,
      anchor: anchor.certificate.fingerprint,
      not_after: certificate.notAfter.getTime(),
      created_at,
    })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .executeTakeFirst();
  const subject = `organization/${identity}`;
  if (added === 1n) {
    await appendAudit(tx, { at, actor, action: 'organization-added', subject, publisher: name });
  }
  if (certified === 1n) {
    const detail = { certificate: certificate.fingerprint, serialNumber: serialText(certificate) };
    await appendAudit(tx, { at, actor, action: 'organization-certified', subject, publisher: name, detail });
  }
}

/** @throws {StoreError} ORGANIZATION_NOT_FOUND */
export async function organizationRow(
  queries: StoreQueries,
  identity: string,
): Promise<Selectable<StoreTables['organizations']>> {
  const row = await queries
    .selectFrom('organizations')
    .selectAll()
    .where('identity', '=', identity)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new StoreError('ORGANIZATION_NOT_FOUND', 'This store knows no such organization.');
}

/**
 * The issuer an organization is at the authority: that of its newest certificate in force.
 * @throws {StoreError} ORGANIZATION_KEY_UNKNOWN
 */
export async function issuerOf(queries: StoreQueries, organization: string, at: Date): Promise<string> {
  const row = await queries
    .selectFrom('organization_certificates')
    .select('issuer_id')
    .where('organization', '=', organization)
    .where('not_after', '>', at.getTime())
    .orderBy('created_at', 'desc')
    .orderBy('not_after', 'desc')
    .executeTakeFirst();
  if (row !== undefined) return row.issuer_id;
  throw new StoreError(
    'ORGANIZATION_KEY_UNKNOWN',
    'This store has no certificate of the organization that is in force.',
  );
}

const shownCertificates = 20;

async function recordOf(
  queries: StoreQueries,
  { identity, name, is_trusted, contact, created_at }: Selectable<StoreTables['organizations']>,
): Promise<OrganizationRecord> {
  const certificates = await queries
    .selectFrom('organization_certificates')
    .selectAll()
    .where('organization', '=', identity)
    .orderBy('created_at', 'desc')
    .orderBy('sha256')
    .limit(shownCertificates)
    .execute();
  const { plugins } = await queries
    .selectFrom('plugins')
    .select(({ fn }) => fn.countAll<number>().as('plugins'))
    .where('owner', '=', identity)
    .executeTakeFirstOrThrow();
  return {
    id: identity,
    name,
    trusted: is_trusted === 1,
    ...(contact === null ? {} : { contact }),
    createdAt: new Date(created_at).toISOString(),
    plugins: Number(plugins),
    certificates: certificates.map(({ sha256, serial_number, not_after, issuer_id }) => ({
      sha256,
      serialNumber: serial_number,
      notAfter: new Date(not_after).toISOString(),
      issuer: issuer_id,
    })),
  };
}
