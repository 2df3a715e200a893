import type { StoreTransaction } from './database.js';

/**
 * The next number of a series without gaps, in the order in which transactions commit: the row is held until then,
 * so whoever wants the one after waits.
 */
export async function nextNumber(
  queries: StoreTransaction,
  name: 'changes' | 'listed' | 'audit',
): Promise<number> {
  const { value } = await queries
    .insertInto('counters')
    .values({ name, value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((builder) => ({ value: builder('counters.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return value;
}
