import type { StoreDatabase, StoreTransaction } from './database.js';

class RehearsalEnd extends Error {}

/** Does everything in a transaction that is then taken back: what it would refuse, it refuses now. */
export async function rehearse(
  database: StoreDatabase,
  work: (tx: StoreTransaction) => Promise<unknown>,
): Promise<void> {
  try {
    await database.transact(async (tx) => {
      await work(tx);
      throw new RehearsalEnd();
    });
  } catch (error) {
    if (!(error instanceof RehearsalEnd)) throw error;
  }
}
