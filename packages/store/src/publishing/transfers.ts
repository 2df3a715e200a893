import type { Transfer, TransferList, TransferWish } from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { actorOf, type Caller, organizationOf } from '../access/caller.js';
import { plainText } from '../access/plain-text.js';
import { createSecret } from '../access/secret.js';
import { appendAudit } from '../audit/audit-log.js';
import { lockPlugin, refreshPlugin } from '../catalog/refresh-plugin.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import { organizationRow } from './organizations.js';
import { holdPlugin, nameOfOrganization } from './owned-plugin.js';

export interface TransfersOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
}

/** Plugins handed over from one organization to another; both agree, and until then nothing changes. */
export interface Transfers {
  /** @throws {StoreError} PLUGIN_NOT_FOUND | ORGANIZATION_FOREIGN | ORGANIZATION_NOT_FOUND | TRANSFER_PENDING | STATE_CONFLICT */
  offer(caller: Caller, plugin: string, wish: TransferWish): Promise<Transfer>;
  /** From or to the caller's organization, for reviewers and operators all; newest first. */
  list(caller: Caller): Promise<TransferList>;
  /** By the organization it is offered to. @throws {StoreError} TRANSFER_NOT_FOUND | TRANSFER_EXPIRED | STATE_CONFLICT */
  accept(caller: Caller, id: string): Promise<Transfer>;
  /** By the organization it is offered to. @throws {StoreError} TRANSFER_NOT_FOUND | STATE_CONFLICT */
  decline(caller: Caller, id: string): Promise<Transfer>;
  /** By the organization that offered it. @throws {StoreError} TRANSFER_NOT_FOUND | STATE_CONFLICT */
  withdraw(caller: Caller, id: string): Promise<Transfer>;
}

type Row = Selectable<StoreTables['transfers']> & { readonly plugin: string };

const offerMs = 14 * 24 * 60 * 60 * 1000;
const shownTransfers = 200;

export function createTransfers({ database, clock }: TransfersOptions): Transfers {
  const { kind } = database;

  async function settle(
    caller: Caller,
    id: string,
    step: 'accepted' | 'declined' | 'withdrawn',
    then: (tx: StoreTransaction, row: Row, at: Date) => Promise<void>,
  ): Promise<Transfer> {
    const at = clock();
    return await database.transact(async (tx) => {
      const side = step === 'withdrawn' ? 'from_organization' : 'to_organization';
      const found = await rowOf(tx, id);
      if (found?.[side] !== organizationOf(caller))
        throw new StoreError('TRANSFER_NOT_FOUND', 'There is no such offer.');
      await lockPlugin(tx, kind, found.plugin_number);
      const row = (await rowOf(tx, id)) ?? found;
      if (row.state !== 'offered') throw new StoreError('STATE_CONFLICT', `The offer is ${row.state}.`);
      if (row.expires_at <= at.getTime() && step === 'accepted')
        throw new StoreError(
          'TRANSFER_EXPIRED',
          `The offer ended at ${new Date(row.expires_at).toISOString()}.`,
        );
      const change = { state: step, decided_at: at.getTime() };
      await tx.updateTable('transfers').set(change).where('id', '=', id).execute();
      await then(tx, row, at);
      return viewOf({ ...row, ...change }, at);
    });
  }

  const noteStep =
    (caller: Caller, action: 'transfer-declined' | 'transfer-withdrawn') =>
    async (tx: StoreTransaction, row: Row, at: Date): Promise<void> => {
      const subject = `transfer/${row.id}`;
      await appendAudit(tx, { at, actor: actorOf(caller), action, subject, plugin: row.plugin });
    };

  return {
    async offer(caller, plugin, { to, reason }) {
      const at = clock();
      const why = reason === undefined ? null : plainText('reason', reason);
      const { id } = createSecret();
      return await database.transact(async (tx) => {
        const held = await holdPlugin(tx, kind, caller, plugin);
        const { name } = await organizationRow(tx, to);
        if (to === held.owner)
          throw new StoreError('STATE_CONFLICT', `${held.id} belongs to ${name} already.`);
        const open = await tx
          .selectFrom('transfers')
          .select('id')
          .where('plugin_number', '=', held.number)
          .where('state', '=', 'offered')
          .where('expires_at', '>', at.getTime())
          .executeTakeFirst();
        if (open !== undefined)
          throw new StoreError(
            'TRANSFER_PENDING',
            `${held.id} is offered already (${open.id}); withdraw that first.`,
          );
        const row = {
          id,
          plugin_number: held.number,
          from_organization: held.owner,
          to_organization: to,
          state: 'offered' as const,
          reason: why,
          created_at: at.getTime(),
          expires_at: at.getTime() + offerMs,
          decided_at: null,
        };
        await tx.insertInto('transfers').values(row).execute();
        await appendAudit(tx, {
          at,
          actor: actorOf(caller),
          action: 'transfer-offered',
          subject: `transfer/${id}`,
          plugin: held.id,
          reason: why ?? undefined,
          detail: { from: held.owner, to },
        });
        return viewOf({ ...row, plugin: held.id }, at);
      });
    },
    async list(caller) {
      const at = clock();
      const rows = await selectTransfers(database)
        .$if(caller.role === 'publisher', (query) => {
          const organization = organizationOf(caller);
          return query.where((where) =>
            where.or([
              where('from_organization', '=', organization),
              where('to_organization', '=', organization),
            ]),
          );
        })
        .orderBy('transfers.created_at', 'desc')
        .orderBy('transfers.id')
        .limit(shownTransfers)
        .execute();
      return { transfers: rows.map((row) => viewOf(row, at)) };
    },
    accept: (caller, id) =>
      settle(caller, id, 'accepted', async (tx, row, at) => {
        const { numUpdatedRows } = await tx
          .updateTable('plugins')
          // The key of the old owner opens nothing any more; that of the new one is not known yet, and need not be.
          .set({ owner: row.to_organization, owner_key: row.to_organization })
          .where('number', '=', row.plugin_number)
          .where('owner', '=', row.from_organization)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n)
          throw new StoreError('STATE_CONFLICT', 'The plugin does not belong to who offered it any more.');
        await refreshPlugin(tx, kind, row.plugin_number, at);
        await appendAudit(tx, {
          at,
          actor: actorOf(caller),
          action: 'transferred',
          subject: `plugin/${row.plugin}`,
          plugin: row.plugin,
          publisher: await nameOfOrganization(tx, row.to_organization),
          reason: row.reason ?? undefined,
          detail: { from: row.from_organization, to: row.to_organization, transfer: row.id },
        });
      }),
    decline: (caller, id) => settle(caller, id, 'declined', noteStep(caller, 'transfer-declined')),
    withdraw: (caller, id) => settle(caller, id, 'withdrawn', noteStep(caller, 'transfer-withdrawn')),
  };
}

function selectTransfers({ queries }: Pick<StoreDatabase, 'queries'>) {
  return queries
    .selectFrom('transfers')
    .innerJoin('plugins', 'plugins.number', 'transfers.plugin_number')
    .selectAll('transfers')
    .select('plugins.id as plugin');
}

function rowOf(tx: StoreTransaction, id: string): Promise<Row | undefined> {
  return selectTransfers({ queries: tx }).where('transfers.id', '=', id).executeTakeFirst();
}

function viewOf(row: Row, at: Date): Transfer {
  const { id, plugin, from_organization, to_organization, state, reason, created_at, expires_at } = row;
  const isExpired = state === 'offered' && expires_at <= at.getTime();
  return {
    id,
    plugin,
    from: from_organization,
    to: to_organization,
    state: isExpired ? 'expired' : state,
    ...(reason === null ? {} : { reason }),
    createdAt: new Date(created_at).toISOString(),
    expiresAt: new Date(expires_at).toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: new Date(row.decided_at).toISOString() }),
  };
}
