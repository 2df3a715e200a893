import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KillOrder } from './kill-order.js';

// Processes run the build: Node 20 cannot run TypeScript.
const built = fileURLToPath(new URL('../../dist/faults/killed-child.js', import.meta.url));

/** How a child ended. */
export interface ChildEnd {
  readonly killed: boolean;
  /** Steps of its whole life, where it came to its end. */
  readonly steps: number;
  /** How long it worked after it was told to go on, in milliseconds. */
  readonly ms: number;
}

/** One child process, loaded and waiting for its order. */
export class FaultChild {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown[]>;
  #complaint = '';
  #wentAt = 0;

  constructor(script: string) {
    this.#process = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr, stdin } = this.#process;
    if (stdout === null || stderr === null || stdin === null) throw new Error('a child without pipes');
    // A child that was killed reads no more.
    stdin.on('error', () => undefined);
    stderr.on('data', (chunk: Buffer) => {
      this.#complaint += String(chunk);
    });
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.#closed = once(this.#process, 'close');
  }

  /** The number of steps its start took, or undefined where it was killed in them. */
  async start(order: KillOrder): Promise<number | undefined> {
    if ((await this.#lines.next()).value !== 'READY') throw new Error(`the child failed: ${this.#complaint}`);
    this.#say(JSON.stringify(order));
    const said: string | undefined = (await this.#lines.next()).value;
    return said === undefined ? undefined : Number(said.replace('STARTED ', ''));
  }

  /** @param killAfterMs kills it from outside, so long after it went on */
  goOn(killAfterMs?: number): void {
    this.#wentAt = performance.now();
    if (killAfterMs !== undefined) setTimeout(() => this.#process.kill('SIGKILL'), killAfterMs);
    this.#say('GO');
  }

  async end(): Promise<ChildEnd> {
    const said: string | undefined = (await this.#lines.next()).value;
    const ms = performance.now() - this.#wentAt;
    const [code, signal] = (await this.#closed) as [number | null, NodeJS.Signals | null];
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the child failed: ${this.#complaint}`);
    return { killed: signal === 'SIGKILL', steps: Number(said?.replace('DONE ', '') ?? 0), ms };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  #say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }
}

/** Keeps some children loaded ahead, so that loading goes on while another one is worked with. */
export class ChildPool implements AsyncDisposable {
  readonly #waiting: FaultChild[] = [];
  readonly #ahead: number;
  readonly #script: string;

  constructor(ahead: number, script = built) {
    this.#ahead = ahead;
    this.#script = script;
  }

  take(): FaultChild {
    while (this.#waiting.length <= this.#ahead) this.#waiting.push(new FaultChild(this.#script));
    return this.#waiting.shift() ?? new FaultChild(this.#script);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#waiting.splice(0).map((child) => child[Symbol.asyncDispose]()));
  }
}
