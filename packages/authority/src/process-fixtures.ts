import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

// Processes run the build: Node 20 cannot run TypeScript.
const program = fileURLToPath(new URL('../dist/authority-child-fixtures.js', import.meta.url));

/** A process of this room and the lines it has acknowledged so far. */
export interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves when it has written so many lines, or has ended. */
  wrote(count: number): Promise<void>;
  /** Resolves when it has ended. */
  ended(): Promise<void>;
  kill(): Promise<void>;
}

export function startChild(...args: readonly string[]): Child {
  return watch(spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** As `startChild`, in a shell that lets no file grow beyond so many kilobytes: the closest thing to a full disk. */
export function startChildOnFullDisk(kilobytes: number, ...args: readonly string[]): Child {
  const script = `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$0" "$@"`;
  const command = ['-c', script, process.execPath, program, ...args];
  return watch(spawn('bash', command, { stdio: ['pipe', 'pipe', 'inherit'] }));
}

function watch(child: ChildProcessByStdio<Writable, Readable, null>): Child {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
  };
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  const closed = once(child, 'close').then(() => {
    wake();
  });
  let isOpen = true;
  closed.finally(() => {
    isOpen = false;
  });
  return {
    process: child,
    lines,
    async wrote(count) {
      while (lines.length < count && isOpen) {
        await Promise.race([closed, new Promise<void>((resolve) => waiting.add(resolve))]);
      }
    },
    ended: () => closed,
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
