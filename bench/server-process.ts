import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  /** Processor time it has used so far, in seconds; undefined where the system does not tell. */
  cpuSeconds(): Promise<number | undefined>;
}

export const launcher = fileURLToPath(new URL('../../packages/cli/bin/jpl.js', import.meta.url));

/** Starts a Node program that prints `{ ready, url }` as its first line, as every server of this project does. */
export async function startServer(program: string, args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url } = JSON.parse(line) as { url: string };
  return processOf(child, url);
}

/** Any process as a server at an address. */
export function processOf(child: ChildProcess, url: string): ServerProcess {
  const ended = once(child, 'exit');
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

/** Linux counts in hundredths of a second for programs, whatever the kernel's own tick (proc(5), USER_HZ). */
const ticksPerSecond = 100;

async function cpuSecondsOf(pid: number | undefined): Promise<number | undefined> {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
