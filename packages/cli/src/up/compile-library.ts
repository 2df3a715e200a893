import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Compiles a sample's C source with the system's `cc`.
 * @returns false where there is no compiler, or it fails on this machine: the sample is then data only
 */
export async function compileLibrary(source: string, output: string): Promise<boolean> {
  await mkdir(dirname(output), { recursive: true });
  try {
    await run('cc', ['-shared', '-fPIC', '-O2', '-fvisibility=hidden', '-Wall', '-o', output, source]);
    return true;
  } catch {
    // No library folder may stay behind: an empty one would promise a library for this platform.
    await rm(dirname(dirname(output)), { recursive: true, force: true });
    return false;
  }
}
