import { Cron } from 'croner';

/** Runs work at the times of a cron pattern (seconds first), never twice at once, until it is stopped. */
export type Scheduler = (pattern: string, work: () => Promise<void>) => { stop(): void };

/** The system's clock. Does not keep the process alive. */
export const cronScheduler: Scheduler = (pattern, work) => {
  const job = new Cron(pattern, { protect: true, unref: true }, work);
  return { stop: () => job.stop() };
};
