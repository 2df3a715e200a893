import { printableJson } from './printable.js';

/** What a command may touch of the process that runs it; handed in, so that tests run commands in their own process. */
export interface Io {
  /** Machine-readable results and nothing else. */
  stdout(text: string): void;
  /** Everything said to a person: progress, hints, errors. */
  stderr(text: string): void;
  /** True when a person watches stderr (progress bars are drawn only then). */
  readonly interactive: boolean;
  /** Width of the terminal behind stderr. */
  readonly columns?: number | undefined;
  /** Where a person may type; absent where nothing is to be read. */
  readonly stdin?: (NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined }) | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly clock: () => Date;
  /** Aborted on Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** The real process: Ctrl-C and SIGTERM abort once; a second signal ends it at once, as every shell user expects. */
export function processIo(): Io {
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  };
  // Started by another jpl: stop with it, also when it is killed.
  if (process.channel !== undefined) {
    process.once('disconnect', stop);
    // Listening alone would keep the process alive for ever.
    process.channel.unref();
  }
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A reader that went away (`jpl list | head`) is not an error of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true,
    get columns() {
      return process.stderr.columns;
    },
    get stdin() {
      return process.stdin;
    },
    env: process.env,
    cwd: process.cwd(),
    clock: () => new Date(),
    signal: controller.signal,
  };
}

/** One JSON value on one line of stdout. */
export function printJson(io: Io, value: unknown): void {
  io.stdout(`${printableJson(value)}\n`);
}
