import { checkStore } from '@jami-plugin-store/store';
import { type Answer, type MadePackage, StoreWorld } from './store-world.js';

/** What a run of kills found. All but `kills`, `acknowledged` and `orphans` must be 0. */
export interface StoreKills {
  /** Lives of the store that ended by SIGKILL in the middle of its work. */
  kills: number;
  /** Uploads, decisions, yanks and revocations that were answered with success. */
  acknowledged: number;
  /** Of those, what the next life does not know. */
  lost: number;
  /** Entered or offered though it is not whole, or served as something else than it is. */
  half: number;
  /** Bytes that nothing refers to: left by a kill, found and removed. */
  orphans: number;
  /** Findings of the check that are still so afterwards. */
  remaining: number;
}

export interface StoreKillOptions {
  readonly kills: number;
  /** Default: SQLite in the store's folder. */
  readonly databaseUrl?: string | undefined;
  readonly onFault: (fault: object) => void;
}

const platform = 'x86_64-linux-gnu';
const packagesPerLife = 3;
/** Every so many lives a certificate is revoked in the middle of the work. */
const livesPerRevocation = 4;
/** A revocation is known in the same second; a machine that is busy with other things has more. */
const revokedWithinMs = 60_000;

/** What was answered with success. */
interface Acknowledged {
  readonly made: MadePackage;
  state: 'review' | 'published' | 'yanked';
}

/**
 * A store's process, killed at any instant while packages come in, are accepted and yanked, and certificates are revoked; looked at as it was
 * left; started again, and asked for what it offers.
 */
export async function runStoreKills({ kills, databaseUrl, onFault }: StoreKillOptions): Promise<StoreKills> {
  const found: StoreKills = { kills: 0, acknowledged: 0, lost: 0, half: 0, orphans: 0, remaining: 0 };
  await using world = await StoreWorld.open(databaseUrl);
  let workMs = 0;
  let before: Before | undefined;
  for (let life = 0; life <= kills; life += 1) {
    const plugin = await world.plugin(`Plugin${life}`);
    const made: MadePackage[] = [];
    for (let n = 1; n <= packagesPerLife; n += 1) made.push(await world.package(plugin, `${n}.0.0`));
    const { child, ended } = await world.start();
    if (before !== undefined) await askFor(world, before, found, onFault);
    const acknowledged: Acknowledged[] = [];
    const startedAt = performance.now();
    const work = Promise.all(made.map((one, index) => submit(world, one, index === 0, acknowledged)));
    // The first life is left in peace: it tells how long the work takes.
    const isRevoking = life % livesPerRevocation === livesPerRevocation - 1;
    const killAfterMs = Math.random() * workMs * 1.1;
    const killing = life === 0 ? work : new Promise((resolve) => setTimeout(resolve, killAfterMs));
    if (isRevoking) {
      await Promise.race([killing, new Promise((resolve) => setTimeout(resolve, killAfterMs / 2))]);
      await world.revoke(plugin);
    }
    await killing;
    if (life === 0) workMs = performance.now() - startedAt;
    child.kill('SIGKILL');
    await ended;
    await work;
    if (life > 0) found.kills += 1;
    found.acknowledged += acknowledged.length + (isRevoking ? 1 : 0);
    await lookAt(world, acknowledged, found, onFault);
    before = { id: plugin.id, isRevoked: isRevoking, made };
  }
  await using _last = await world.start();
  if (before !== undefined) await askFor(world, before, found, onFault);
  return found;
}

/** Hands in, has accepted, and perhaps yanks; notes each answer the moment it is there. Ends where the store is gone. */
async function submit(
  world: StoreWorld,
  made: MadePackage,
  isYanked: boolean,
  acknowledged: Acknowledged[],
): Promise<void> {
  const reached = async (asking: Promise<Answer>): Promise<boolean> => {
    const { status } = await asking.catch(() => ({ status: 0 }));
    return status >= 200 && status < 300;
  };
  if (!(await reached(world.upload(made)))) return;
  const known: Acknowledged = { made, state: 'review' };
  acknowledged.push(known);
  if (!(await reached(world.accept(made)))) return;
  known.state = 'published';
  if (isYanked && (await reached(world.yank(made)))) known.state = 'yanked';
}

/** Rows and bytes as the kill left them. */
async function lookAt(
  world: StoreWorld,
  acknowledged: readonly Acknowledged[],
  found: StoreKills,
  onFault: (fault: object) => void,
): Promise<void> {
  await using data = await world.data();
  const options = { data, clock: () => new Date(), signal: new AbortController().signal, olderThanMs: 0 };
  const { findings, counts } = await checkStore({ ...options, repair: true });
  found.orphans += counts.BLOB_ORPHANED ?? 0;
  for (const finding of findings) {
    // A killed upload leaves bytes; nothing else may be wrong.
    if (finding.code === 'BLOB_ORPHANED' || finding.code === 'UPLOAD_PARTS_ORPHANED') continue;
    found.half += 1;
    onFault({ half: finding });
  }
  found.remaining += (await checkStore(options)).remaining;
  for (const { made, state } of acknowledged) {
    const row = await data.database.queries
      .selectFrom('packages')
      .innerJoin('releases', 'releases.number', 'packages.release_number')
      .select(['packages.state', 'releases.yanked_at'])
      .where('packages.sha256', '=', made.sha256)
      .executeTakeFirst();
    const isThere =
      row !== undefined &&
      (state === 'review' || row.state === 'published') &&
      (state !== 'yanked' || row.yanked_at !== null);
    if (isThere) continue;
    found.lost += 1;
    onFault({ lost: made.sha256, acknowledged: state, is: row ?? 'gone' });
  }
}

/** What a life left to the next one. */
interface Before {
  readonly id: string;
  readonly isRevoked: boolean;
  readonly made: readonly MadePackage[];
}

/** What the next life serves: a package is what its digest says, and nothing of a revoked certificate is offered. */
async function askFor(
  world: StoreWorld,
  { id, isRevoked, made }: Before,
  found: StoreKills,
  onFault: (fault: object) => void,
): Promise<void> {
  const path = `/download/${platform}/${id}`;
  let digest = await world.digestOf(path);
  for (const giveUpAt = performance.now() + revokedWithinMs; isRevoked && !digest.startsWith('status 4'); ) {
    if (performance.now() > giveUpAt) {
      found.lost += 1;
      onFault({ lost: `the revocation of ${id}`, serves: digest });
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    digest = await world.digestOf(path);
  }
  if (!digest.startsWith('status 4') && !made.some(({ sha256 }) => sha256 === digest)) {
    found.half += 1;
    onFault({ half: `${id} is served as ${digest}` });
  }
}
