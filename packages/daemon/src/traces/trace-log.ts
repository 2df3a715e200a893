import type { InstallTrace, InstallTraceHead } from '@jami-plugin-store/contract';
import type { EventLog } from '../events/event-log.js';
import { createTraceRecorder, type TraceRecorder } from './trace-recorder.js';

/** The traces of the last installs of this run. */
export interface TraceLog {
  /** Begins a trace; an older one of the same job is forgotten. */
  open(job: string): TraceRecorder;
  /** Newest first. */
  list(): InstallTraceHead[];
  read(job: string): InstallTrace | undefined;
}

export interface TraceLogOptions {
  readonly events: EventLog;
  readonly clock: () => Date;
  /** Default: the system's monotonic clock. */
  readonly stopwatch?: (() => number) | undefined;
  /** Default 32. */
  readonly maxTraces?: number | undefined;
}

/**
 * Kept in memory: a trace explains what is going on, the activity log (on disk) remembers what was done. Writing them down would
 * cost every install a write, and nobody needs them after a restart. Each message goes out as an event, too.
 */
export function createTraceLog({
  events,
  clock,
  stopwatch = () => performance.now(),
  maxTraces = 32,
}: TraceLogOptions): TraceLog {
  const traces = new Map<string, TraceRecorder>();
  return {
    open: (job) => {
      const onMessage: Parameters<typeof createTraceRecorder>[0]['onMessage'] = (trace, message) =>
        events.append({ type: 'trace', trace, message });
      const recorder = createTraceRecorder({ job, clock, stopwatch, onMessage });
      traces.delete(job);
      traces.set(job, recorder);
      for (const oldest of [...traces.keys()].slice(0, Math.max(0, traces.size - maxTraces)))
        traces.delete(oldest);
      return recorder;
    },
    list: () => [...traces.values()].map(({ head }) => head).reverse(),
    read: (job) => traces.get(job)?.read(),
  };
}
