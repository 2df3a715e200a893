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
  const ours = `.${purpose}-${hostname()}-`;
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(ours) ? Number(name.slice(ours.length).split('-', 1)[0]) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  const path = await mkdtemp(join(parent, `${ours}${process.pid}-`));
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
