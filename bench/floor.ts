import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FloorMeasure {
  wallMs: number;
  cpuMs: number;
  peakKiB: number;
}

/** Runs the native floor once over a package, into a fresh folder. */
export type Floor = (file: string, durable: boolean) => Promise<FloorMeasure>;

/** Compiles bench/floor.c; undefined where this machine has no compiler, OpenSSL or zlib. */
export async function compileFloor(folder: string): Promise<Floor | undefined> {
  // From bench/dist back to the source.
  const source = fileURLToPath(new URL('../floor.c', import.meta.url));
  const program = join(folder, 'floor');
  try {
    await run('cc', ['-O2', '-o', program, source, '-lcrypto', '-lz', '-lpthread']);
  } catch (error) {
    process.stderr.write(
      `no native floor: ${error instanceof Error ? error.message.split('\n')[0] : error}\n`,
    );
    return undefined;
  }
  return async (file, durable) => {
    const output = join(folder, 'floor-output');
    await mkdir(output);
    try {
      const { stdout } = await run(program, durable ? [file, output, 'durable'] : [file, output]);
      return JSON.parse(stdout) as FloorMeasure;
    } finally {
      await rm(output, { recursive: true });
    }
  };
}
