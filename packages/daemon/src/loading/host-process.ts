import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DaemonError, type DaemonErrorCode } from '../error.js';
import {
  type HostMessage,
  type HostOrder,
  LineCutter,
  nothingRegistered,
  parseHostMessage,
  type Registrations,
} from './load-protocol.js';

export interface HostLimits {
  /** Milliseconds for the process to be there, for the library's entry, and for its exit function. */
  readonly bootMs: number;
  readonly entryMs: number;
  readonly exitMs: number;
}

export const defaultHostLimits: HostLimits = { bootMs: 20_000, entryMs: 10_000, exitMs: 5_000 };

export interface HostWish {
  /** Absolute path of the library, and of the folder it runs in. */
  readonly library: string;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: HostLimits;
  readonly onRegistered: () => void;
  /** Ends the process while the library is being loaded. */
  readonly signal: AbortSignal;
}

/** How the process of a library ended. */
export interface HostEnd {
  readonly signal?: NodeJS.Signals | undefined;
  readonly exitCode?: number | undefined;
  /** Why it was ended from here, where it was. */
  readonly because?: 'asked' | 'silent' | 'misbehaved' | undefined;
  /** The last the library said to stderr. */
  readonly said: string;
}

export interface HostProcess {
  readonly pid: number;
  readonly registrations: Registrations;
  /** Settles once, when the process is gone. */
  readonly ended: Promise<HostEnd>;
  /** Lets the library's exit function run for its bounded time, then ends the process. */
  stop(): Promise<HostEnd>;
}

// From the sources as from the build: a process of its own needs the built file.
const hostMain = fileURLToPath(new URL('../../dist/loading/host-main.js', import.meta.url));
/** More messages than any library has things to register are not the host's. */
const maxMessages = 1_000;
const maxSaid = 2_000;

/**
 * Starts a process for one library and has it loaded there. Whatever the library does ends at that process.
 * @throws {DaemonError} HOST_NOT_STARTED | LIBRARY_NOT_OPENED | LIBRARY_WITHOUT_ENTRY | LIBRARY_REFUSED |
 *   LIBRARY_ABI_UNSUPPORTED | LIBRARY_CRASHED | LIBRARY_EXITED | LIBRARY_TIMED_OUT | LIBRARY_MISBEHAVED; all but the first
 *   with the process's end in `loadEnd`
 * @throws the signal's reason
 */
export async function startHost(wish: HostWish): Promise<HostProcess> {
  wish.signal.throwIfAborted();
  const host = new Host(wish);
  const giveUp = (): void => void host.kill();
  wish.signal.addEventListener('abort', giveUp);
  try {
    await host.boot();
    await host.load();
    return host;
  } catch (error) {
    await host.kill();
    throw wish.signal.aborted ? wish.signal.reason : error;
  } finally {
    wish.signal.removeEventListener('abort', giveUp);
  }
}

type Heard = HostMessage | 'silent' | 'ended';

class Host implements HostProcess {
  registrations: Registrations = nothingRegistered;
  readonly ended: Promise<HostEnd>;
  readonly #wish: HostWish;
  readonly #child: ChildProcess;
  readonly #lines = new LineCutter();
  #messages = 0;
  #said = '';
  #because: HostEnd['because'];
  /** What is waited for; a message of another kind is not the host's. */
  #waiting: { type: ReadonlySet<string>; hear: (heard: Heard) => void } | undefined;

  constructor(wish: HostWish) {
    this.#wish = wish;
    this.#child = spawn(process.execPath, [hostMain, String(process.pid)], {
      cwd: wish.folder,
      env: wish.environment,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // A group of its own, so that whatever the library starts ends with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.ended = this.#watchEnd();
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-maxSaid);
    });
    const reports = this.#child.stdio[3] as Readable | null | undefined;
    reports?.on('data', (chunk: Buffer) => this.#read(chunk)).on('error', () => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async boot(): Promise<void> {
    const heard = await this.#hear(['ready'], this.#wish.limits.bootMs);
    if (typeof heard === 'object') return;
    const { said } = await this.kill();
    throw new DaemonError('HOST_NOT_STARTED', `No process for the library could be started. ${said}`.trim());
  }

  async load(): Promise<void> {
    this.#order({ type: 'load', library: this.#wish.library });
    const { entryMs } = this.#wish.limits;
    const heard = await this.#hear(['loaded', 'failed'], entryMs);
    if (heard === 'silent') {
      this.#because = 'silent';
      throw failure('LIBRARY_TIMED_OUT', `did not answer within ${entryMs / 1000} s`, await this.kill());
    }
    if (heard === 'ended') throw endedEarly(await this.ended);
    if (heard.type === 'failed') throw failure(heard.code, `cannot be loaded: ${heard.reason}`, undefined);
  }

  async stop(): Promise<HostEnd> {
    this.#because ??= 'asked';
    this.#order({ type: 'unload' });
    const heard = await this.#hear(['unloaded'], this.#wish.limits.exitMs);
    if (heard === 'silent') this.#because = 'silent';
    return this.kill();
  }

  async kill(): Promise<HostEnd> {
    killGroup(this.#child);
    return this.ended;
  }

  #order(order: HostOrder): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #hear(types: readonly HostMessage['type'][], timeoutMs: number): Promise<Heard> {
    return new Promise((resolve) => {
      const hear = (heard: Heard): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve(heard);
      };
      const timer = setTimeout(() => hear('silent'), timeoutMs);
      this.#waiting = { type: new Set(types), hear };
      void this.ended.then(() => hear('ended'));
    });
  }

  #read(chunk: Buffer): void {
    if (this.#because === 'misbehaved') return;
    const lines = this.#lines.push(chunk);
    if (lines !== 'tooLong' && lines.every((line) => this.#take(line))) return;
    this.#because = 'misbehaved';
    killGroup(this.#child);
  }

  /** False for a line that the host would not have said. */
  #take(line: string): boolean {
    this.#messages += 1;
    const message = this.#messages > maxMessages ? undefined : parseHostMessage(line);
    if (message === undefined) return false;
    if (message.type === 'registered') {
      this.registrations = message.registrations;
      this.#wish.onRegistered();
      return true;
    }
    if (!this.#waiting?.type.has(message.type)) return false;
    this.#waiting.hear(message);
    return true;
  }

  #watchEnd(): Promise<HostEnd> {
    return new Promise((resolve) => {
      const end = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
        // What the library started may hold its pipes open; nobody waits for that.
        killGroup(this.#child);
        setImmediate(() => {
          for (const stream of this.#child.stdio) stream?.destroy();
          resolve({
            signal: signal ?? undefined,
            exitCode: exitCode ?? undefined,
            because: this.#because,
            said: printable(this.#said),
          });
        });
      };
      this.#child.once('exit', end);
      this.#child.once('error', (error) => {
        this.#said = error.message;
        if (this.#child.pid === undefined) end(null, null);
      });
    });
  }
}

/** What a process that ended of itself, or was ended for what it said, means for the library. */
export function endedEarly(end: HostEnd): DaemonError {
  if (end.because === 'misbehaved')
    return failure('LIBRARY_MISBEHAVED', 'wrote into the channel of its host', end);
  if (end.signal !== undefined) return failure('LIBRARY_CRASHED', `crashed (${end.signal})`, end);
  return failure('LIBRARY_EXITED', `ended its process (exit code ${end.exitCode ?? 'unknown'})`, end);
}

function failure(code: DaemonErrorCode, what: string, end: HostEnd | undefined): DaemonError {
  const said = end === undefined || end.said === '' ? '' : ` It said: ${end.said}`;
  return new DaemonError(code, `The plugin's library ${what}.${said}`, { loadEnd: end });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nobody of the group is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function printable(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '?').trim();
}
