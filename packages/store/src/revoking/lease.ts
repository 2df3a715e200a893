import type { StoreDatabase } from '../database/database.js';

/**
 * Takes, or keeps, the right to do some work for a while, so that of several processes one does it. A process that dies loses it when that
 * while is over.
 * @returns whether it is the holder's now
 */
export async function takeLease(
  { queries }: StoreDatabase,
  lease: { readonly name: string; readonly holder: string; readonly now: number; readonly forMs: number },
): Promise<boolean> {
  const { name, holder, now, forMs } = lease;
  const { numInsertedOrUpdatedRows } = await queries
    .insertInto('leases')
    .values({ name, holder, until: now + forMs })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, until: now + forMs })
        .where((where) => where.or([where('leases.until', '<=', now), where('leases.holder', '=', holder)])),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Lets others have it at once. */
export async function giveLeaseBack({ queries }: StoreDatabase, name: string, holder: string): Promise<void> {
  await queries.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute();
}
