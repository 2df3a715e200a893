/** Real libraries, compiled by the system's `cc`, for this room's tests. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = fileURLToPath(new URL('../../src/loading/native-fixtures.c', import.meta.url));

/** Undefined where there is a compiler; else why tests that need one are skipped. */
export const noCompiler =
  spawnSync('cc', ['--version']).status === 0 ? undefined : 'skipped: this machine has no cc';

/**
 * Compiles the library that behaves as its file's name says: `lib<behaviour>.so`, or `lib<behaviour>_<anything>.so`.
 * @param flags e.g. `-DNO_ENTRY` for one without an entry
 */
export async function compileFixture(output: string, flags: readonly string[] = []): Promise<string> {
  const usual = ['-shared', '-fPIC', '-O1', '-fvisibility=hidden', '-Wall'];
  await run('cc', [...usual, ...flags, '-o', output, source, '-pthread', '-ldl']);
  return output;
}
