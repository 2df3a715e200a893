/**
 * A process for tests that must be killed: `hold DIR` keeps the folder open, `revoke DIR REFERENCE…` revokes one
 * certificate after the other, `issue DIR COUNT` makes organizations, `lock DIR COUNT` takes a lock and lets go of it.
 * One line a step on stdout, written when the step was acknowledged.
 */
import { mkdir, rmdir } from 'node:fs/promises';
import { AuthorityError } from './error.js';
import { type FolderLock, lockFolder } from './storage/lock.js';

const [, , work = '', dir = '', ...rest] = process.argv;
const say = (line: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));

async function takeLocks(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    let lock: FolderLock;
    try {
      lock = await lockFolder(dir);
    } catch (error) {
      if (error instanceof AuthorityError && error.code === 'AUTHORITY_BUSY') continue;
      throw error;
    }
    await say(`taken ${lock.generation}`);
    // Fails where another process is between these two lines at the same time.
    await mkdir(`${dir}.held`);
    await rmdir(`${dir}.held`);
    await lock[Symbol.asyncDispose]();
  }
}

async function workOnAuthority(): Promise<void> {
  // Only here: a process that merely takes locks starts in a fraction of the time.
  const { connectAuthority } = await import('./connect-authority.js');
  await using authority = await connectAuthority({ dir, clock: () => new Date(), patienceMs: 60_000 });
  await say('open');
  if (work === 'hold') await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  for (const certificate of work === 'revoke' ? rest : []) {
    await authority.revoke({ certificate, reason: 'superseded' });
    await say(certificate);
  }
  for (let index = 0; work === 'issue' && index < Number(rest[0]); index += 1) {
    const { fingerprint } = await authority.createOrganization({ commonName: `${process.pid} ${index}` });
    await say(fingerprint);
  }
}

try {
  await (work === 'lock' ? takeLocks(Number(rest[0])) : workOnAuthority());
} catch (error) {
  await say(error instanceof AuthorityError ? error.code : String(error));
}
