/** The built `jpl` in processes of its own, as a user's shell and other programs run it. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../packages/cli/bin/jpl.js', import.meta.url));

/** Whether `startAtTerminal` works here. */
export const hasTerminals = (() => {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
})();

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  said(): { out: string; err: string };
}

export interface Server extends Started, AsyncDisposable {
  /** The first line of stdout. */
  readonly ready: { readonly ready: true; readonly url?: string; readonly socket?: string };
}

/** A folder with a home and a runtime folder of its own; what still runs when it is disposed of is killed. */
export class Shell implements AsyncDisposable {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #running = new Set<ChildProcessWithoutNullStreams>();

  private constructor(cwd: string) {
    this.cwd = cwd;
    const { XDG_DATA_HOME: _data, XDG_CACHE_HOME: _cache, ...others } = process.env;
    this.env = { ...others, HOME: join(cwd, 'home'), XDG_RUNTIME_DIR: join(cwd, 'run'), LANG: 'en_US.UTF-8' };
  }

  static async open(): Promise<Shell> {
    const shell = new Shell(await realpath(await mkdtemp(join(tmpdir(), 'jpl-walk-'))));
    await mkdir(join(shell.cwd, 'home'));
    await mkdir(join(shell.cwd, 'run'));
    await chmod(join(shell.cwd, 'run'), 0o700);
    return shell;
  }

  at(...path: string[]): string {
    return join(this.cwd, ...path);
  }

  start(args: readonly string[], options: { uid?: number; env?: NodeJS.ProcessEnv } = {}): Started {
    const { env, ...identity } = options;
    const place = { cwd: this.cwd, env: { ...this.env, ...env } };
    return this.#watch(spawn(process.execPath, [launcher, ...args], { ...place, ...identity }));
  }

  #watch(child: ChildProcessWithoutNullStreams): Started {
    this.#running.add(child);
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err += text;
    });
    const ended = once(child, 'close').then(([code, signal]) => {
      this.#running.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...said };
    });
    return { child, ended, said: () => ({ ...said }) };
  }

  /** Starts a command at a terminal of its own (util-linux's `script`): what it draws comes out of `out`, what is typed goes into stdin. */
  startAtTerminal(args: readonly string[], columns = 80): Started {
    const words = [process.execPath, launcher, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const command = `stty cols ${columns} rows 24; exec ${words.join(' ')}`;
    const script = ['--quiet', '--return', '--flush', '--command', command, '/dev/null'];
    return this.#watch(spawn('script', script, { cwd: this.cwd, env: { ...this.env, SHELL: '/bin/sh' } }));
  }

  /** Runs a command to its end. */
  jpl(...args: string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** Runs a command that must succeed, and answers its JSON. */
  async done<Value = Record<string, string>>(...args: string[]): Promise<Value> {
    const { code, out, err } = await this.jpl(...args, '--json');
    if (code !== 0) throw new Error(`jpl ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return JSON.parse(out) as Value;
  }

  /** Runs a command with `--json`: its exit code and its one JSON value. */
  async asked<Value = Record<string, unknown>>(
    ...args: string[]
  ): Promise<{ code: number | null; report: Value }> {
    const { code, out } = await this.jpl(...args, '--json');
    if (!/^[^\n]+\n$/.test(out)) throw new Error(`jpl ${args.join(' ')} said ${JSON.stringify(out)}`);
    return { code, report: JSON.parse(out) as Value };
  }

  /** Starts a server and waits for its ready line. */
  async serve(...args: string[]): Promise<Server> {
    const started = this.start(args);
    const { child, ended } = started;
    const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string);
    const first = await Promise.race([line, ended]);
    if (typeof first !== 'string') throw new Error(`jpl ${args.join(' ')} did not start: ${first.err}`);
    return {
      ...started,
      ready: JSON.parse(first) as Server['ready'],
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.#running];
    await Promise.all(
      left.map(async (child) => {
        const gone = once(child, 'close');
        child.kill('SIGKILL');
        await gone;
      }),
    );
    await rm(this.cwd, { recursive: true, force: true });
  }
}

/** A port nobody listens on: the address of an authority stands in certificates before it serves. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
