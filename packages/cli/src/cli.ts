import { Command, CommanderError } from 'commander';
import { registerAuthority } from './commands/register-authority.js';
import { registerDaemon } from './commands/register-daemon.js';
import { registerOperating } from './commands/register-operating.js';
import { registerPublisher } from './commands/register-publisher.js';
import { registerPublishing } from './commands/register-publishing.js';
import { registerStore } from './commands/register-store.js';
import type { Io } from './io.js';
import { printJson } from './io.js';
import { describeRefusal, type Refusal } from './refusal.js';
import { UsageError } from './usage-error.js';

/** Runs one command for its exit code; registered actions report it here. */
export type Run = (action: () => Promise<number>) => Promise<void>;

/**
 * The `jpl` command.
 * @param args without the interpreter and the script
 * @returns 0 done · 1 refused · 2 wrong use, or the thing named cannot be read (docs/interfaces.md)
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const run: Run = async (action) => {
    exitCode = await action();
  };
  const program = new Command('jpl')
    .description('Make, sign, publish, verify and install Jami plugins')
    .version('0.1.0')
    .showHelpAfterError('(jpl --help lists the commands)')
    .enablePositionalOptions();
  const groups = [
    registerDaemon,
    registerPublisher,
    registerPublishing,
    registerOperating,
    registerStore,
    registerAuthority,
  ];
  for (const register of groups) register(program, io, run);
  configure(program, io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return await fail(io, args, error);
  }
}

/** Errors come back as exceptions and texts go where the command's own go, in every subcommand. */
function configure(command: Command, io: Io): void {
  command.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  for (const child of command.commands) configure(child, io);
}

async function fail(io: Io, args: readonly string[], error: unknown): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const isUsage = error instanceof CommanderError;
  const refusal = await typedRefusal(io, isUsage ? new UsageError('USAGE', error.message) : error);
  if (args.includes('--json')) printJson(io, failureReport(args, refusal));
  // Commander has written its own message.
  else if (!isUsage) io.stderr(`jpl: ${describeRefusal(refusal)}`);
  return refusal.exitCode;
}

/** The pinned shapes where a command has one, so that a program finds the fields it knows also in a failure. */
function failureReport(args: readonly string[], refusal: Refusal): object {
  const { code, message, entry, publisher, installedPublisher } = refusal;
  const about = { code, message, entry };
  if (args[0] === 'verify') {
    const nothing = { id: null, version: null, publisher: null, files: 0, bytes: 0, elapsedMs: 0 };
    return { accepted: false, ...nothing, ...about, path: [], revocation: [] };
  }
  if (args[0] === 'install') {
    const { id, version } = refusal.plugin ?? { id: null, version: null };
    const resultCode = refusal.resultCode ?? -1;
    return { installed: false, id, version, ...about, resultCode, publisher, installedPublisher };
  }
  return about;
}

/** How work that was stopped ends: by the signal itself, or by a room that was closed for it. */
function isCancellation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return error.name === 'AbortError' || code === 'CANCELED' || code === 'CLIENT_CLOSED';
}

async function typedRefusal(io: Io, error: unknown): Promise<Refusal> {
  if (io.signal.aborted && isCancellation(error)) {
    return { code: 'CANCELED', message: 'Stopped before it was done.', exitCode: 1 };
  }
  try {
    const { refusalOf } = await import('./refusal-of.js');
    return await refusalOf(error);
  } catch (defect) {
    const text = defect instanceof Error ? (defect.stack ?? defect.message) : String(defect);
    return {
      code: 'INTERNAL_ERROR',
      message: `This is a defect in jpl, please report it:\n${text}`,
      exitCode: 1,
    };
  }
}
