import type { Disk } from '../disk/disk.js';
import { isAbsent } from '../disk/disk.js';
import { replaceFile } from '../installed/durable-file.js';
import type { Layout } from '../installed/layout.js';
import type { Scheduler } from './scheduler.js';
import type { Watch } from './watch.js';

export interface RoutineOptions {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly clock: () => Date;
  readonly schedule: Scheduler;
  /** In [0, 1): which minute and second of each hour is this daemon's own, so that not all of them ask at once. */
  readonly random: () => number;
  readonly everyMs: number;
  /** Ids of what is to be checked. */
  readonly ids: () => Promise<readonly string[]>;
  readonly onProblem: (error: unknown, about: string) => void;
}

/** The daily look at everything that is installed. */
export interface Routine {
  /** Checks all plugins, one after the other; one that cannot be checked does not keep the others from it. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends it, and waits for what runs. */
  close(): Promise<void>;
}

/**
 * Asks every hour whether a day has passed since the last run, also one of an earlier start: a machine that is on for an hour a day is
 * checked once a day, too.
 */
export function createRoutine(watch: Watch, options: RoutineOptions): Routine {
  const { schedule, random, clock, everyMs, onProblem } = options;
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const run = async (signal: AbortSignal): Promise<void> => {
    for (const id of await options.ids()) {
      if (signal.aborted) return;
      await watch.check(id, 'routine', signal).catch((error: unknown) => {
        if (!signal.aborted) onProblem(error, id);
      });
    }
    if (!signal.aborted) await writeLastRun(options);
  };
  const runIfDue = async (): Promise<void> => {
    const last = await readLastRun(options);
    const sinceMs = clock().getTime() - (last?.getTime() ?? Number.NEGATIVE_INFINITY);
    // A last run in the future is of a clock that was wrong.
    if (sinceMs >= 0 && sinceMs < everyMs) return;
    await run(closing.signal);
  };

  const [minute, second] = [Math.floor(random() * 60), Math.floor(random() * 60)];
  const job = schedule(`${second} ${minute} * * * *`, () => {
    running = runIfDue().catch((error: unknown) => onProblem(error, 'daily routine'));
    return running;
  });
  return {
    run,
    close: async () => {
      job.stop();
      closing.abort(new DOMException('The daemon is shutting down.', 'AbortError'));
      await running;
    },
  };
}

async function readLastRun({ disk, layout }: RoutineOptions): Promise<Date | undefined> {
  try {
    const last: unknown = JSON.parse((await disk.readFile(layout.routine, 1024)).toString('utf8'));
    const at = new Date(String((last as { lastRun?: unknown } | null)?.lastRun));
    return Number.isNaN(at.getTime()) ? undefined : at;
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function writeLastRun({ disk, layout, clock }: RoutineOptions): Promise<void> {
  const content = Buffer.from(JSON.stringify({ lastRun: clock().toISOString() }));
  await replaceFile(disk, layout, layout.routine, content);
}
