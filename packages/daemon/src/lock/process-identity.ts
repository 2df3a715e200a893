import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const probeTimeoutMs = 5_000;

/**
 * When a process began, as text that no later process with the same number can have; undefined when no such process
 * runs. `[A-Za-z0-9_]` only, so that it can stand in a file name.
 */
export type ProcessProbe = (pid: number) => Promise<string | undefined>;

/** The probe of a system: /proc on Linux, `ps` on macOS and other Unixes, PowerShell on Windows. */
export function processProbe(platform: NodeJS.Platform = process.platform): ProcessProbe {
  if (platform === 'linux') return probeLinux;
  return platform === 'win32' ? probeWindows : probeUnix;
}

// proc(5): field 3 is the state, field 22 the start in clock ticks since boot; boots are told apart by boot_id.
async function probeLinux(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'latin1').catch(absent),
    readFile('/proc/sys/kernel/random/boot_id', 'latin1'),
  ]);
  if (stat === undefined) return undefined;
  // The command's name (field 2) may hold spaces and brackets: count from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || started === undefined) return undefined;
  return `${boot.trim().replaceAll('-', '').slice(0, 12)}_${started}`;
}

async function probeUnix(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], {
    timeout: probeTimeoutMs,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  }).catch(() => ({ stdout: '' }));
  return wordOf(stdout);
}

async function probeWindows(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  const script = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], {
    timeout: probeTimeoutMs,
  }).catch(() => ({ stdout: '' }));
  return wordOf(stdout);
}

function wordOf(stdout: string): string | undefined {
  const word = stdout.trim().replaceAll(/[^A-Za-z0-9]+/g, '_');
  return word === '' ? undefined : word;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** ENOENT: no such process; ESRCH: it ended between open and read. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
  throw error;
}
