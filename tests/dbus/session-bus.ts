/** A session bus of a test's own, and `busctl` as the client on it. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const name = 'cx.ring.Ring';
const path = '/cx/ring/Ring/PluginManagerInterface';

const absent = ['dbus-daemon', 'busctl'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
/** Empty where a session bus can be had. */
export const busSkipMessage =
  absent.length === 0 ? '' : ` (skipped: ${absent.join(', ')} not found; Debian: dbus, systemd)`;

export interface SessionBus extends AsyncDisposable {
  readonly address: string;
  /** Calls the plugin manager; the answer as `busctl --json=short` prints its data. */
  call(member: string, signature?: string, ...args: string[]): Promise<unknown>;
}

export async function openSessionBus(): Promise<SessionBus> {
  const args = ['--session', '--nofork', '--nopidfile', '--print-address', '--address=unix:tmpdir=/tmp'];
  const child = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    address,
    call: async (member, signature, ...values) => {
      const types = signature === undefined ? [] : [signature, '--', ...values];
      const { stdout } = await run('busctl', [
        `--address=${address}`,
        '--json=short',
        '--timeout=60',
        'call',
        name,
        path,
        `${name}.PluginManagerInterface`,
        member,
        ...types,
      ]);
      if (stdout.trim() === '') return undefined;
      const { data } = JSON.parse(stdout) as { data: unknown[] };
      return data[0];
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
