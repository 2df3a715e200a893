import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../usage-error.js';

const launcher = fileURLToPath(new URL('../../bin/jpl.js', import.meta.url));
const readyTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

/** The first line of a server's stdout. */
interface ReadyLine {
  readonly ready: true;
  readonly url?: string;
  readonly socket?: string;
}

/** A `jpl` server in a process of its own, with no more rights over the others than any program has. */
export interface ChildServer extends AsyncDisposable {
  readonly name: string;
  /** `url` or `socket` of its ready line. */
  readonly ready: ReadyLine;
  /** Rejects when the process ends without being asked to. */
  readonly ended: Promise<never>;
}

/**
 * Starts `jpl <args>` and waits for its ready line. It also stops when this process disappears: its channel closes then.
 * @param logFile receives the server's stderr
 * @throws {UsageError} SERVER_NOT_STARTED with what the server said
 */
export async function startServer(
  name: string,
  args: readonly string[],
  logFile: string,
): Promise<ChildServer> {
  const child = spawn(process.execPath, [launcher, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C reaches the whole group of the terminal; these stop in our order instead.
    detached: process.platform !== 'win32',
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  const said = tailOf(child);
  child.stderr?.pipe(log);
  const gone = once(child, 'exit').then(([code, signal]) => `ended with ${signal ?? `code ${code}`}`);
  const answer = await Promise.race([readyLine(child), gone, deadline()]);
  if (typeof answer === 'string') {
    child.kill('SIGKILL');
    throw new UsageError('SERVER_NOT_STARTED', `${name} ${answer}:\n${said()}`);
  }
  let isStopping = false;
  const ended = gone.then((how): never => {
    if (isStopping) return undefined as never;
    throw new UsageError('SERVER_ENDED', `${name} ${how}; its log is ${logFile}\n${said()}`);
  });
  // Whoever waits for it hears of it; nobody has to.
  ended.catch(() => undefined);
  return {
    name,
    ready: answer,
    ended,
    [Symbol.asyncDispose]: async () => {
      isStopping = true;
      await stop(child);
      log.end();
      await finished(log);
    },
  };
}

async function readyLine(child: ChildProcess): Promise<ReadyLine | string> {
  if (child.stdout === null) return 'has no output';
  for await (const line of createInterface({ input: child.stdout })) {
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && 'ready' in value) return value as ReadyLine;
    } catch {
      return `said ${JSON.stringify(line)} instead of being ready`;
    }
  }
  return 'closed its output';
}

async function deadline(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, readyTimeoutMs).unref());
  return `was not ready within ${readyTimeoutMs / 1000} s`;
}

/** The last lines of stderr, for the sentence that says why a server did not start. */
function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2000);
  });
  return () => tail.trim();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exit;
  clearTimeout(timer);
}
