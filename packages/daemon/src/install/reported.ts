import { randomUUID } from 'node:crypto';
import { isAbsolute } from 'node:path';
import type { Announcer } from '../activity/announcer.js';
import { DaemonError } from '../error.js';
import type { EventLog } from '../events/event-log.js';
import type { InstallRecord } from '../installed/record.js';
import { rollbackPlugin } from '../installed/rollback.js';
import { narrateInstall } from '../traces/install-messages.js';
import type { TraceLog } from '../traces/trace-log.js';
import { type UninstallOutcome, uninstallPlugin } from '../uninstall.js';
import { adoptPlugin } from './adopt.js';
import {
  type InstallContext,
  type InstallOutcome,
  type InstallRequest,
  installPackage,
} from './install-package.js';

/** Everything that changes what is installed, told to those who listen and written into the activity log, refusals included. */
export interface ReportedContext extends InstallContext {
  readonly events: EventLog;
  readonly announcer: Announcer;
  readonly traces: TraceLog;
}

/** What a rollback or an adoption made the installed version. */
export interface VersionOutcome {
  readonly id: string;
  readonly version: string;
  /** Absolute install root. */
  readonly path: string;
  readonly publisher: InstallRecord['publisher'];
}

export async function installReported(
  context: ReportedContext,
  request: InstallRequest,
  closing: AbortSignal,
): Promise<InstallOutcome> {
  const { events, announcer, traces } = context;
  const job = request.job ?? randomUUID();
  const { path } = request;
  const narrator = narrateInstall(traces.open(job));
  narrator.requested(request);
  const tell = throttled((done, of) => events.append({ type: 'verifying', job, path, done, of }));
  try {
    if (!isAbsolute(path) || path.includes('\0'))
      throw new DaemonError('PATH_NOT_ABSOLUTE', `${JSON.stringify(path)} is not an absolute path.`);
    const signal = request.signal === undefined ? closing : AbortSignal.any([request.signal, closing]);
    const onProgress = (done: number, of: number): void => {
      tell(done, of);
      request.onProgress?.(done, of);
    };
    const installed = (outcome: Omit<InstallOutcome, 'job'>): Promise<void> => {
      const action = outcome.from === null ? 'install' : 'update';
      return announcer.arrived({ ...outcome, job, action, publisher: outcome.publisher.name });
    };
    const wish = { ...request, signal, onProgress };
    const outcome = await installPackage(context, wish, { installed, narrator });
    narrator.installed(outcome);
    return { job, ...outcome };
  } catch (error) {
    narrator.refused(error);
    const wanted = request.expect?.id;
    await announcer.refused(error, { job, path, wanted, what: `Install of ${JSON.stringify(path)}` });
    throw error;
  }
}

export async function uninstallReported(context: ReportedContext, id: string): Promise<UninstallOutcome> {
  return refusalsWritten(context, id, 'Removal', () =>
    context.queue.run(id.toLowerCase(), async () => {
      const outcome = await uninstallPlugin(context, id);
      await context.announcer.uninstalled(id, outcome.version, outcome.publisher);
      return outcome;
    }),
  );
}

export async function rollbackReported(
  context: ReportedContext,
  id: string,
): Promise<VersionOutcome & { readonly from: string }> {
  return refusalsWritten(context, id, 'Rollback', () =>
    context.queue.run(id.toLowerCase(), async () => {
      const { record, from } = await rollbackPlugin(context, id);
      await context.announcer.arrived(arrivalOf(record, 'rollback', from));
      return { ...outcomeOf(context, record), from };
    }),
  );
}

export async function adoptReported(
  context: ReportedContext,
  id: string,
  signal: AbortSignal,
): Promise<VersionOutcome> {
  return refusalsWritten(context, id, 'Adoption', async () => {
    const adopted = (record: InstallRecord) => context.announcer.arrived(arrivalOf(record, 'adopt', null));
    return outcomeOf(context, await adoptPlugin(context, id, adopted, signal));
  });
}

async function refusalsWritten<Result>(
  { announcer }: ReportedContext,
  plugin: string,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    await announcer.refused(error, {
      job: randomUUID(),
      plugin,
      what: `${what} of ${JSON.stringify(plugin)}`,
    });
    throw error;
  }
}

function arrivalOf(record: InstallRecord, action: 'rollback' | 'adopt', from: string | null) {
  const { id, version, publisher } = record;
  return { job: randomUUID(), action, id, version, from, publisher: publisher.name };
}

function outcomeOf({ layout }: ReportedContext, { id, version, publisher }: InstallRecord): VersionOutcome {
  return { id, version, path: layout.link(id), publisher };
}

/** At most a hundred reports of one install, the first and the last always. */
function throttled(report: (done: number, of: number) => void): (done: number, of: number) => void {
  let told = -1;
  return (done, of) => {
    const percent = of === 0 ? 100 : Math.floor((done / of) * 100);
    if (percent === told) return;
    told = percent;
    report(done, of);
  };
}
