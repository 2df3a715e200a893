/** A session bus of a test's own, and the independent clients `busctl` and `gdbus` on it. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { busName, pluginManagerInterface, pluginManagerPath } from './plugin-manager-interface.js';

const run = promisify(execFile);

const tools = ['dbus-daemon', 'dbus-send', 'busctl', 'gdbus'];
const absent = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
/** Undefined where the tools are installed; else what a skipped test says. */
export const busSkipMessage =
  absent.length === 0
    ? undefined
    : `skipped: ${absent.join(', ')} not found (Debian: dbus, systemd, libglib2.0-bin)`;

export interface Spoken {
  readonly out: string;
  /** Exit status, and what went to stderr. */
  readonly status: number;
  readonly error: string;
}

export class PrivateBus implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  /** @param address where it listens; default is a new socket in the temporary folder */
  static async start(address = 'unix:tmpdir=/tmp'): Promise<PrivateBus> {
    const args = ['--session', '--nofork', '--nopidfile', '--print-address', `--address=${address}`];
    const child = spawn('dbus-daemon', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new PrivateBus(child, line);
  }

  get env(): Record<string, string> {
    return { PATH: process.env.PATH ?? '', DBUS_SESSION_BUS_ADDRESS: this.address, LC_ALL: 'C.UTF-8' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill();
    await gone;
  }

  /** Any program, with this bus as its session bus. */
  spoken(program: string, ...args: string[]): Promise<Spoken> {
    return spoken(program, args, this.env);
  }

  busctl(...args: string[]): Promise<Spoken> {
    return this.spoken('busctl', `--address=${this.address}`, ...args);
  }

  /** One call of the plugin manager, its answer as `busctl` prints it. */
  call(member: string, signature = '', ...args: string[]): Promise<Spoken> {
    const types = signature === '' ? [] : [signature, '--', ...args];
    return this.busctl('call', busName, pluginManagerPath, pluginManagerInterface.name, member, ...types);
  }

  gdbus(...args: string[]): Promise<Spoken> {
    return this.spoken('gdbus', ...args);
  }

  gdbusCall(member: string, ...args: string[]): Promise<Spoken> {
    const about = ['--session', '--dest', busName, '--object-path', pluginManagerPath];
    return this.gdbus('call', ...about, '--method', `${pluginManagerInterface.name}.${member}`, ...args);
  }
}

async function spoken(program: string, args: string[], env: Record<string, string>): Promise<Spoken> {
  try {
    const { stdout, stderr } = await run(program, args, { env, maxBuffer: 64 * 1024 * 1024 });
    return { out: stdout.trim(), status: 0, error: stderr.trim() };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return { out: stdout.trim(), status: code, error: stderr.trim() };
  }
}
