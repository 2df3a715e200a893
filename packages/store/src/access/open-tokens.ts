import type { NewToken, TokenRecord, TokenWish } from '@jami-plugin-store/contract';
import { assertSqliteThere, openDatabase } from '../database/open-database.js';
import type { Caller } from './caller.js';
import { createToken, createTokenDesk } from './token-desk.js';

export interface OpenTokensOptions {
  /** The store's folder. */
  readonly dataDir: string;
  /** The store's database, where it is another one than the folder's. */
  readonly databaseUrl?: string | undefined;
  readonly clock: () => Date;
}

/** The tokens of a store, for whoever can open its database; also while it runs. */
export interface LocalTokens extends AsyncDisposable {
  create(wish: TokenWish): Promise<NewToken>;
  list(): Promise<TokenRecord[]>;
  revoke(id: string): Promise<TokenRecord>;
}

/**
 * Opens the tokens of a store without one of them: the way back in for an operator who lost the last.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE where no store ever was, and as `openDatabase`
 */
export async function openTokens({ dataDir, databaseUrl, clock }: OpenTokensOptions): Promise<LocalTokens> {
  if (databaseUrl === undefined) await assertSqliteThere(dataDir);
  const database = await openDatabase({ dataDir, url: databaseUrl });
  const desk = createTokenDesk({ database, clock });
  const operator: Caller = {
    role: 'operator',
    token: 'local',
    label: 'at the machine',
    scopes: [],
    expiresAt: new Date(8.64e15),
  };
  return {
    create: (wish) => database.transact((tx) => createToken(tx, operator, wish, clock())),
    list: () => desk.list(operator),
    revoke: (id) => desk.revoke(operator, id),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
