import { samePublisher } from '@jami-plugin-store/trust';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import type { PackageFacts } from './package-facts.js';
import { lockPlugin } from './refresh-plugin.js';

type Claim = Pick<PackageFacts, 'id' | 'publisher'>;

/**
 * The plugin of an id, held until the transaction ends; made, and owned by this publisher, where nobody has it. An id under which nothing
 * was ever published and nothing waits for a decision is nobody's.
 * @throws {StoreError} PLUGIN_ID_TAKEN
 */
export async function claimPlugin(
  tx: StoreTransaction,
  kind: DatabaseKind,
  claim: Claim,
  at: Date,
): Promise<number> {
  await noteOrganization(tx, claim, at);
  const owner = { owner: identityOf(claim), owner_key: claim.publisher.pluginKey };
  const number = await numberOf(tx, claim, owner, at);
  await lockPlugin(tx, kind, number);
  const known = await tx
    .selectFrom('plugins')
    .select(['id', 'owner', 'owner_key'])
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  if (known.id === claim.id && isOwner(known, claim)) return number;
  if (await isInUse(tx, number)) throw await taken(tx, known, claim);
  await tx
    .updateTable('plugins')
    .set({ id: claim.id, ...owner })
    .where('number', '=', number)
    .execute();
  return number;
}

/** The organization, or where a root signs plugins directly the key: what an id belongs to. */
function identityOf({ publisher }: Claim): string {
  return publisher.organization ?? publisher.pluginKey;
}

function isOwner(known: { owner: string; owner_key: string }, { publisher }: Claim): boolean {
  return samePublisher(publisher, { name: '', organization: known.owner, pluginKey: known.owner_key });
}

async function noteOrganization(tx: StoreTransaction, claim: Claim, at: Date): Promise<void> {
  const { name, organization } = claim.publisher;
  await tx
    .insertInto('organizations')
    .values({
      identity: identityOf(claim),
      kind: organization === undefined ? 'key' : 'organization',
      name,
      created_at: at.getTime(),
    })
    .onConflict((conflict) => conflict.column('identity').doUpdateSet({ name }))
    .execute();
}

async function numberOf(
  tx: StoreTransaction,
  { id }: Claim,
  owner: { owner: string; owner_key: string },
  at: Date,
): Promise<number> {
  const id_key = id.toLowerCase();
  await tx
    .insertInto('plugins')
    .values({ id, id_key, ...owner, created_at: at.getTime() })
    .onConflict((conflict) => conflict.column('id_key').doNothing())
    .execute();
  const { number } = await tx
    .selectFrom('plugins')
    .select('number')
    .where('id_key', '=', id_key)
    .executeTakeFirstOrThrow();
  return number;
}

/** Also what was withdrawn later keeps the id: who has it installed must not get another's under its name. */
async function isInUse(tx: StoreTransaction, plugin: number): Promise<boolean> {
  const found = await tx
    .selectFrom('packages')
    .select('number')
    .where('plugin_number', '=', plugin)
    .where((or) =>
      or.or([or('published_at', 'is not', null), or('state', 'not in', ['declined', 'withdrawn'])]),
    )
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

async function taken(
  tx: StoreTransaction,
  known: { readonly id: string; readonly owner: string },
  { id, publisher }: Claim,
): Promise<StoreError> {
  const owner = await tx
    .selectFrom('organizations')
    .select('name')
    .where('identity', '=', known.owner)
    .executeTakeFirst();
  return new StoreError(
    'PLUGIN_ID_TAKEN',
    `The id ${known.id} belongs to ${owner?.name ?? 'somebody else'}; ${publisher.name} hands in a plugin ${id}.`,
  );
}
