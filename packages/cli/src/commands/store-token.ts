import { resolve } from 'node:path';
import {
  NewToken,
  publishingPaths,
  Session,
  type StoreRole,
  TokenList,
  TokenRecord,
  type TokenScope,
  type TokenWish,
} from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { printable } from '../printable.js';
import { reachStore, type StoreChoice } from '../publishing/store-connection.js';

export interface TokenOptions extends StoreChoice {
  /** The store's own folder: whoever can open it needs no token. */
  readonly storeDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Tokens by the store's API, or in its database. */
interface Tokens extends AsyncDisposable {
  create(wish: TokenWish): Promise<NewToken>;
  list(): Promise<TokenRecord[]>;
  revoke(id: string): Promise<TokenRecord>;
}

async function reachTokens(io: Io, options: TokenOptions): Promise<Tokens> {
  if (options.storeDir !== undefined) {
    const { openTokens } = await import('@jami-plugin-store/store');
    const dataDir = resolve(io.cwd, options.storeDir);
    return await openTokens({ dataDir, databaseUrl: io.env.DATABASE_URL, clock: io.clock });
  }
  const store = await reachStore(io, options);
  return {
    create: (wish) => store.ask(NewToken, 'POST', publishingPaths.tokens, wish),
    list: async () => (await store.ask(TokenList, 'GET', publishingPaths.tokens)).tokens,
    revoke: (id) => store.ask(TokenRecord, 'DELETE', publishingPaths.token(id)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

export interface CreateTokenOptions extends TokenOptions {
  readonly role: StoreRole;
  readonly label: string;
  readonly organization?: string | undefined;
  readonly scope?: readonly TokenScope[] | undefined;
  readonly days?: number | undefined;
  readonly output?: string | undefined;
}

/** `jpl store token create`: the token is in this answer, or in a file of its user's, and nowhere else. */
export async function tokenCreate(io: Io, options: CreateTokenOptions): Promise<number> {
  const { role, label, organization, scope, days, output } = options;
  await using saved = output === undefined ? undefined : await createNew(resolve(io.cwd, output), 0o600);
  await using tokens = await reachTokens(io, options);
  const { token, ...record } = await tokens.create({
    role,
    label,
    ...(organization === undefined ? {} : { organization }),
    ...(scope === undefined ? {} : { scopes: [...scope] }),
    ...(days === undefined ? {} : { validityDays: days }),
  });
  await saved?.fill(`${token}\n`);
  if (options.json) printJson(io, saved === undefined ? { ...record, token } : record);
  else if (saved === undefined) io.stdout(`${token}\n`);
  else io.stdout(`${output}: token ${record.id}, ${role}, until ${record.expiresAt}\n`);
  return 0;
}

/** `jpl store token list` */
export async function tokenList(io: Io, options: TokenOptions): Promise<number> {
  await using tokens = await reachTokens(io, options);
  const all = await tokens.list();
  if (options.json) printJson(io, all);
  else for (const token of all) io.stdout(`${printable(describe(token))}\n`);
  return 0;
}

function describe({ id, role, label, expiresAt, revokedAt, lastUsedAt }: TokenRecord): string {
  const end = revokedAt === undefined ? `until ${expiresAt.slice(0, 10)}` : `revoked ${revokedAt}`;
  const use = lastUsedAt === undefined ? 'never used' : `used ${lastUsedAt.slice(0, 13)}h`;
  return `${id}  ${role.padEnd(9)}  ${label}  ${end}  ${use}`;
}

/** `jpl store token revoke ID` */
export async function tokenRevoke(io: Io, id: string, options: TokenOptions): Promise<number> {
  await using tokens = await reachTokens(io, options);
  const record = await tokens.revoke(id);
  if (options.json) printJson(io, record);
  else io.stdout(`${printable(describe(record))}\n`);
  return 0;
}

/** `jpl store session`: whom the store takes the holder of a token for. */
export async function storeSession(
  io: Io,
  options: StoreChoice & { readonly json?: boolean | undefined },
): Promise<number> {
  await using store = await reachStore(io, options);
  const session = await store.ask(Session, 'GET', publishingPaths.session);
  if (options.json) printJson(io, session);
  else {
    const { role, label, scopes, expiresAt, organization } = session;
    const of = organization === undefined ? '' : ` of ${organization.name} (${organization.id})`;
    const lines = [`${role}${of}, token "${label}" until ${expiresAt}`, `  may: ${scopes.join(', ')}`];
    if (organization?.trusted) lines.push('  publishes without review');
    io.stdout(`${lines.map(printable).join('\n')}\n`);
  }
  return 0;
}
