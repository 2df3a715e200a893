import { randomBytes } from 'node:crypto';
import { open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { makeFolder } from '../disk/make-folder.js';
import { type ProcessProbe, processProbe } from './process-identity.js';

/** Held until disposed of. */
export interface FolderLock extends AsyncDisposable {
  readonly folder: string;
}

/** Who holds it: the number of a live process. */
export interface LockHolder {
  readonly pid: number;
}

export interface LockOptions {
  readonly probe?: ProcessProbe | undefined;
  /** How long contenders that came at the same moment sort themselves out. */
  readonly patienceMs?: number | undefined;
}

interface Claim {
  readonly name: string;
  readonly pid: number;
  readonly started: string;
  readonly token: string;
}

const claimName = /^([1-9][0-9]{0,9})-([A-Za-z0-9_]{1,80})-([0-9a-f]{16})$/;
const heldSuffix = '.held';
const retryMs = 10;

/**
 * One holder per folder, among processes of one machine.
 *
 * A contender first creates a claim, an empty file named `<pid>-<start of the process>-<random>`, then lists the folder. It
 * holds the lock when every other claim is of a process that ended. Of two contenders at least the later one sees the
 * other's claim, so both can never hold it; a name is never used twice, so the claim of a dead process can be deleted by anybody at
 * any time; and a claim has no content that a crash could leave half-written.
 * `<claim>.held` only tells contenders not to wait: the holder has what it wanted.
 * @returns the lock, or the holder when somebody else has it
 */
export async function acquireFolderLock(
  folder: string,
  options: LockOptions = {},
): Promise<FolderLock | LockHolder> {
  const probe = options.probe ?? processProbe();
  const rounds = Math.ceil((options.patienceMs ?? 1_000) / retryMs);
  await makeFolder(folder, 0o700);
  const own = await ownClaim(probe);
  let claimed = false;
  for (let round = 0; ; round += 1) {
    if (!claimed) await createEmpty(join(folder, own.name));
    claimed = true;
    const rivals = await liveRivals(folder, own, probe).catch(async (error: unknown) => {
      await discard(folder, own);
      throw error;
    });
    const [first] = rivals;
    if (first === undefined) return heldLock(folder, own);
    const holder = rivals.find((rival) => rival.held);
    const lost = holder !== undefined || round >= rounds;
    // Of contenders that all wait, the one with the smallest token stays and the others step back.
    if (lost || rivals.some((rival) => rival.claim.token < own.token)) {
      await discard(folder, own);
      claimed = false;
    }
    if (lost) return { pid: (holder ?? first).claim.pid };
    await wait(retryMs);
  }
}

interface Rival {
  readonly claim: Claim;
  readonly held: boolean;
}

/** Claims of other live processes (or of this one, made by another call); those of dead ones are deleted. */
async function liveRivals(folder: string, own: Claim, probe: ProcessProbe): Promise<Rival[]> {
  const names = await readdir(folder);
  const marks = new Set(names);
  const rivals: Rival[] = [];
  for (const claim of names.map(parseClaim)) {
    if (claim === undefined || claim.name === own.name) continue;
    if ((await probe(claim.pid)) === claim.started)
      rivals.push({ claim, held: marks.has(claim.name + heldSuffix) });
    else await discard(folder, claim);
  }
  return rivals;
}

async function heldLock(folder: string, own: Claim): Promise<FolderLock> {
  await createEmpty(join(folder, own.name + heldSuffix));
  return { folder, [Symbol.asyncDispose]: () => discard(folder, own) };
}

async function ownClaim(probe: ProcessProbe): Promise<Claim> {
  const started = await probe(process.pid);
  if (started === undefined) throw new Error(`cannot tell when process ${process.pid} (this one) began`);
  const token = randomBytes(8).toString('hex');
  return { name: `${process.pid}-${started}-${token}`, pid: process.pid, started, token };
}

function parseClaim(name: string): Claim | undefined {
  const [, pid, started, token] = claimName.exec(name) ?? [];
  if (pid === undefined || started === undefined || token === undefined) return undefined;
  return { name, pid: Number(pid), started, token };
}

async function createEmpty(path: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  await handle.close();
}

async function discard(folder: string, claim: Claim): Promise<void> {
  // The mark goes first: a mark without a claim would mean nothing, but would stay for ever.
  for (const name of [claim.name + heldSuffix, claim.name]) {
    await unlink(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}
