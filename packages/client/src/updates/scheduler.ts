import { Cron } from 'croner';

/** Runs work at the times of a cron pattern (seconds first), never twice at once, until it is stopped. */
export type Scheduler = (pattern: string, work: () => Promise<void>) => Disposable;

/** By the system's clock; keeps no process alive. */
export const cronScheduler: Scheduler = (pattern, work) => {
  const job = new Cron(pattern, { protect: true, unref: true }, work);
  return { [Symbol.dispose]: () => job.stop() };
};
