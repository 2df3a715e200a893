import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A folder for what is made on the way; goes when it is disposed of. */
export interface WorkFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes a folder of a hidden name in `parent`, and removes those that killed processes of this machine have left there.
 * @param purpose  beginning of the name, e.g. `backup`
 */
export async function makeWorkFolder(parent: string, purpose: string): Promise<WorkFolder> {
  const here = hostname();
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`.${purpose}-`)) continue;
    // The process comes first: a machine's name may have digits and hyphens of its own.
    const [, pid, host] = /^-(\d+)-(.*)-[A-Za-z0-9]{6}$/.exec(name.slice(purpose.length + 1)) ?? [];
    if (pid !== undefined && host === here && !isAlive(Number(pid)))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  const path = await mkdtemp(join(parent, `.${purpose}-${process.pid}-${here}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH';
  }
}
