/**
 * A process for tests that must be killed: `hold DIR` keeps the folder open, `serve DIR` serves it, `follow DIR` answers beside
 * that (both write their address), `revoke DIR REFERENCE…` revokes one
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
  if (work === 'hold') await untilLetGo();
  for (const certificate of work === 'revoke' ? rest : []) {
    await authority.revoke({ certificate, reason: 'superseded' });
    await say(certificate);
  }
  for (let index = 0; work === 'issue' && index < Number(rest[0]); index += 1) {
    const { fingerprint } = await authority.createOrganization({ commonName: `${process.pid} ${index}` });
    await say(fingerprint);
  }
}

const untilLetGo = (): Promise<unknown> =>
  new Promise((resolve) => process.stdin.once('end', resolve).resume());

async function serve(): Promise<void> {
  const { createAdminServer, createPublicServer, openAuthority } = await import('./index.js');
  await using authority = await openAuthority({ dir, clock: () => new Date() });
  await using admin = createAdminServer(authority);
  await using server = createPublicServer(authority);
  await admin.listen();
  await say((await server.listen({ port: 0 })).url);
  await untilLetGo();
}

async function follow(): Promise<void> {
  const { createPublicServer, followAuthority } = await import('./index.js');
  await using follower = await followAuthority({ dir, clock: () => new Date() });
  await using server = createPublicServer(follower);
  await say((await server.listen({ port: 0 })).url);
  await untilLetGo();
}

const works: Readonly<Record<string, () => Promise<void>>> = {
  serve,
  follow,
  lock: () => takeLocks(Number(rest[0])),
};

try {
  await (works[work] ?? workOnAuthority)();
} catch (error) {
  await say(error instanceof AuthorityError ? error.code : String(error));
}
