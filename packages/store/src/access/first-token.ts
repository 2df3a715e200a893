import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import { createSecret, parseSecret, secretText } from './secret.js';
import { createToken } from './token-desk.js';

export interface FirstTokenOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
  /**
   * Keeps the token where its operator finds it, before it is in force, so that it cannot be lost in between: a store that is killed
   * there makes another one at its next start. Returns the token that is kept: the one given, or one that was kept there before.
   */
  readonly keep: (token: string) => Promise<string>;
}

const marker = 'first-operator-token';

/**
 * Makes the operator's first token, once in the life of a database; of several processes that start at once, one does. Any further token
 * is made with this one, or by whoever can open the database (`jpl store token create --data-dir`).
 * @returns whether one was made
 * @throws {StoreError} TOKEN_MALFORMED when what is kept is no token
 */
export async function makeFirstToken({ database, clock, keep }: FirstTokenOptions): Promise<boolean> {
  if (await isMade(database)) return false;
  const at = clock();
  const secret = createSecret();
  return await database.transact(async (tx) => {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('settings')
      .values({ name: marker, value: at.toISOString() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) return false;
    const kept = parseSecret(await keep(secretText('jpl', secret)));
    if (kept?.kind !== 'jpl') throw new StoreError('TOKEN_MALFORMED', 'What is kept is no token.');
    await createToken(tx, { role: 'store' }, { label: 'first operator', role: 'operator' }, at, kept);
    return true;
  });
}

async function isMade({ queries }: StoreDatabase): Promise<boolean> {
  const found = await queries
    .selectFrom('settings')
    .select('name')
    .where('name', '=', marker)
    .executeTakeFirst();
  return found !== undefined;
}
