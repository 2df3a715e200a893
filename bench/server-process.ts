import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
  /** Processor time it has used so far, in seconds; undefined where the system does not tell. */
  cpuSeconds(): Promise<number | undefined>;
  /** The most memory it has held so far, in bytes; undefined where the system does not tell. */
  peakBytes(): Promise<number | undefined>;
}

export const launcher = fileURLToPath(new URL('../../packages/cli/bin/jpl.js', import.meta.url));

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Takes what it logs; default: our own stderr. */
  readonly logFile?: string | undefined;
}

/** Starts a Node program that prints `{ ready, url }` as its first line, as every server of this project does. */
export async function startServer(
  program: string,
  args: readonly string[],
  { env, logFile }: StartOptions = {},
): Promise<ServerProcess> {
  const log = logFile === undefined ? undefined : await open(logFile, 'a');
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', log?.fd ?? 'inherit'],
    env: { ...process.env, ...env },
  });
  await log?.close();
  if (child.stdout === null) throw new Error('a piped stdout is there');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url } = JSON.parse(line) as { url: string };
  return processOf(child, url);
}

/** A bare server that answers whatever it is asked with what `url` answers to this request; the answer is kept in `file`. */
export async function startBareServer(
  file: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  // No coding but what the request asks for; fetch would ask for gzip by itself.
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity', ...headers } });
  const sent = [...response.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name));
  const body = Buffer.from(await response.arrayBuffer()).toString('base64');
  await writeFile(file, JSON.stringify({ status: response.status, headers: sent.flat(), body }));
  return await startServer(fileURLToPath(new URL('./bare-server.js', import.meta.url)), [file]);
}

/** Any process as a server at an address. */
export function processOf(child: ChildProcess, url: string): ServerProcess {
  const ended = once(child, 'exit');
  return {
    url,
    pid: child.pid,
    cpuSeconds: () => cpuSecondsOf(child.pid),
    peakBytes: () => peakBytesOf(child.pid),
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

async function peakBytesOf(pid: number | undefined): Promise<number | undefined> {
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return peak === undefined ? undefined : Number(peak) * 1024;
}
