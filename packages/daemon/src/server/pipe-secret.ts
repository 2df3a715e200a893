import { randomBytes } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../disk/make-folder.js';
import { layoutOf } from '../installed/layout.js';

const secretForm = /^[0-9a-f]{64}$/;

/** Where a data folder's secret stands. Only its owner may read it. */
export function secretPathOf(dataDir: string): string {
  return join(layoutOf(dataDir).own, 'secret');
}

/**
 * The secret that clients of a named pipe must know: whoever can read the user's files may talk to the user's daemon. Made once
 * for a data folder. The caller holds the folder's lock.
 */
export async function readOrMakeSecret(dataDir: string): Promise<string> {
  const known = await readSecret(dataDir);
  if (known !== undefined) return known;
  const path = secretPathOf(dataDir);
  const secret = randomBytes(32).toString('hex');
  const waiting = `${path}.${randomBytes(4).toString('hex')}`;
  await makeFolder(layoutOf(dataDir).own, 0o700);
  const file = await open(waiting, 'wx', 0o600);
  try {
    await file.writeFile(secret);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(waiting, path);
  return secret;
}

/** What a client must tell the daemon of a data folder; undefined where sockets have permissions, or there was no daemon yet. */
export async function secretForCallers(
  dataDir: string,
  system: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  return system === 'win32' ? readSecret(dataDir) : undefined;
}

async function readSecret(dataDir: string): Promise<string | undefined> {
  const known = await readFile(secretPathOf(dataDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return secretForm.test(known) ? known : undefined;
}
