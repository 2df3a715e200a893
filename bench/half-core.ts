import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const periodMicroseconds = 20_000;

/**
 * Lets a process have half of a core, until it is disposed of after the process ended. Undefined where control groups are not ours to make.
 * Two servers and the load that fills them need more than the two cores of a small machine; halved, they and it fit.
 */
export async function halveCore(pid: number): Promise<AsyncDisposable | undefined> {
  const name = `jpl-bench-${pid}`;
  const half = periodMicroseconds / 2;
  const version1 = join('/sys/fs/cgroup/cpu', name);
  const version2 = join('/sys/fs/cgroup', name);
  try {
    const isVersion1 = await isFolder('/sys/fs/cgroup/cpu');
    const dir = isVersion1 ? version1 : version2;
    await mkdir(dir);
    if (isVersion1) {
      await writeFile(join(dir, 'cpu.cfs_period_us'), String(periodMicroseconds));
      await writeFile(join(dir, 'cpu.cfs_quota_us'), String(half));
    } else await writeFile(join(dir, 'cpu.max'), `${half} ${periodMicroseconds}`);
    await writeFile(join(dir, 'cgroup.procs'), String(pid));
    return { [Symbol.asyncDispose]: () => rmdir(dir) };
  } catch {
    return undefined;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
