import { realpath } from 'node:fs/promises';
import type {
  ActivityReport,
  CheckReport,
  DaemonInfo,
  InstalledPlugin,
  InstallTrace,
  InstallTraceHead,
  PluginDetails,
} from '@jami-plugin-store/contract';
import { currentPlatform, isPluginId } from '@jami-plugin-store/jpl';
import {
  createAnswerCache,
  createFetcher,
  createRevocationChecker,
  type Fetcher,
  type WatchExchanges,
} from '@jami-plugin-store/revocation';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import { openActivityLog } from './activity/activity-log.js';
import { createAnnouncer } from './activity/announcer.js';
import { reconcile } from './activity/reconcile.js';
import { type Disk, nodeDisk } from './disk/disk.js';
import { makeFolder } from './disk/make-folder.js';
import { DaemonError } from './error.js';
import { typedError } from './error-outcome.js';
import { createEventLog, type EventLog } from './events/event-log.js';
import { Admission } from './install/admission.js';
import type { InstallContext, InstallOutcome, InstallRequest } from './install/install-package.js';
import { KeyQueue } from './install/key-queue.js';
import {
  adoptReported,
  installReported,
  rollbackReported,
  uninstallReported,
  type VersionOutcome,
} from './install/reported.js';
import { notInstalled } from './installed/absence.js';
import { layoutOf } from './installed/layout.js';
import { linkSwitch } from './installed/link-switch.js';
import { listAccounts } from './installed/list-accounts.js';
import { listPlugins } from './installed/list-plugins.js';
import { pluginDetails } from './installed/plugin-details.js';
import { recover } from './installed/recovery.js';
import { createRetirement } from './installed/retirement.js';
import { lifetime } from './lifetime.js';
import { acquireFolderLock } from './lock/folder-lock.js';
import { type ManagedPlugins, manage } from './managing/managed-plugins.js';
import { createTraceLog } from './traces/trace-log.js';
import type { UninstallOutcome } from './uninstall.js';
import { createRoutine } from './watching/routine.js';
import { cronScheduler, type Scheduler } from './watching/scheduler.js';
import { createWatch } from './watching/watch.js';

export interface DaemonOptions {
  /** Jami's data folder; made where it is missing. */
  readonly dataDir: string;
  readonly anchors: readonly TrustAnchor[];
  /** Anchors by store, for installs that name one; without it every store's packages are judged under `anchors`. */
  readonly storeAnchors?: ReadonlyMap<string, readonly TrustAnchor[]> | undefined;
  readonly revocation: RevocationMode;
  /** Answers revocation questions, afresh for each install. Default: OCSP and CRL over the network. */
  readonly ask?: AskRevocation | undefined;
  /** The same for what is installed, where kept answers are good enough. Default: `ask`, else over the network with a cache. */
  readonly askAgain?: AskRevocation | undefined;
  /** When the daily routine may run. Default: by the system's clock. */
  readonly schedule?: Scheduler | undefined;
  readonly clock: () => Date;
  /** Judges every package at this instant instead of the clock's. */
  readonly at?: Date | undefined;
  /** Jami's name of the platform whose libraries are installed. */
  readonly platform?: string | undefined;
  /** The system whose ways of files and links are used. */
  readonly system?: NodeJS.Platform | undefined;
  /** Default language of texts, a tag or a list; without it the environment's. */
  readonly language?: string | undefined;
  /** Loads the plugins that are remembered as loaded, from the start on. */
  readonly keepsLoaded?: boolean | undefined;
  readonly disk?: Disk | undefined;
  readonly logger?: DaemonLogger | undefined;
  readonly limits?: Partial<DaemonLimits> | undefined;
}

/** As pino's: what it is about, then a sentence. */
export interface DaemonLogger {
  warn(about: object, message: string): void;
}

export interface DaemonLimits {
  /** Packages verified at the same time. */
  maxRunningInstalls: number;
  maxWaitingInstalls: number;
  /** Milliseconds for which a tree that updates left behind stays readable. */
  retireMs: number;
  /** Milliseconds for which nobody answering whether a certificate was revoked is no reason for concern. */
  graceMs: number;
  /** Milliseconds between two runs of the routine that checks everything installed. */
  routineMs: number;
  /** Milliseconds for a library's entry, and for its exit function. */
  loadMs: number;
  unloadMs: number;
  /** Libraries that run at the same time, each in a process of its own. */
  maxLoaded: number;
  /** Events remembered for streams that were cut off. */
  maxRememberedEvents: number;
}

const dayMs = 86_400_000;
const defaultLimits: DaemonLimits = {
  maxRunningInstalls: 2,
  maxWaitingInstalls: 64,
  retireMs: 2_000,
  graceMs: 7 * dayMs,
  routineMs: dayMs,
  loadMs: 10_000,
  unloadMs: 5_000,
  maxLoaded: 64,
  maxRememberedEvents: 1_024,
};

/** Owns one data folder until disposed of. Errors are JplError, TrustError or DaemonError, nothing else. */
export interface Daemon extends ManagedPlugins, AsyncDisposable {
  readonly info: DaemonInfo;
  readonly events: EventLog;
  /**
   * @throws {JplError | TrustError} what is wrong with the package or its certificates
   * @throws {DaemonError} what forbids it to become the installed one, or the disk
   */
  install(request: InstallRequest): Promise<InstallOutcome>;
  /** @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | … */
  uninstall(id: string): Promise<UninstallOutcome>;
  /**
   * Goes back to the version kept.
   * @throws {DaemonError} PLUGIN_NOT_INSTALLED | NO_PREVIOUS_VERSION | FILES_CHANGED | …
   * @throws {TrustError} revoked since, or nobody could be asked
   */
  rollback(id: string): Promise<VersionOutcome & { readonly from: string }>;
  /** Makes a folder that another program left an installed plugin, by the signatures it carries. */
  adopt(id: string, signal?: AbortSignal): Promise<VersionOutcome>;
  /** Looks at an installed plugin's files and certificates now. */
  check(id: string, signal?: AbortSignal): Promise<CheckReport>;
  /** The same before its library is loaded: throws why it may not be. */
  assertStillTrusted(id: string, signal?: AbortSignal): Promise<void>;
  /** What the daily routine does, now. */
  checkAll(signal?: AbortSignal): Promise<void>;
  /** Entries of the activity log after a number, else the newest; oldest first. */
  activity(after: number | undefined, limit: number): ActivityReport;
  /** Jami accounts that have a folder in the data folder, sorted. */
  accounts(): Promise<string[]>;
  /** The installs of this run that are remembered, newest first. */
  traces(): InstallTraceHead[];
  /** @throws {DaemonError} TRACE_NOT_FOUND */
  trace(job: string): InstallTrace;
  /** Names in a language: a tag or an Accept-Language list; default is the daemon's. */
  list(language?: string): Promise<InstalledPlugin[]>;
  /** @throws {DaemonError} PLUGIN_NOT_INSTALLED | RECORD_DAMAGED */
  details(id: string, language?: string): Promise<PluginDetails>;
  /** Cancels what is being verified, waits for what is being committed, gives the data folder back. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Takes a data folder into possession: its lock, then recovery from whatever crash came before.
 * @throws {DaemonError} DATA_DIR_BUSY and those of the disk
 */
export async function createDaemon(options: DaemonOptions): Promise<Daemon> {
  try {
    await makeFolder(options.dataDir, 0o700);
    const dataDir = await realpath(options.dataDir);
    const lock = await acquireFolderLock(layoutOf(dataDir).lock);
    if ('pid' in lock) throw busy(dataDir, lock.pid);
    const fetcher = options.ask === undefined ? createFetcher() : undefined;
    const release = async (): Promise<void> => {
      await fetcher?.[Symbol.asyncDispose]();
      await lock[Symbol.asyncDispose]();
    };
    try {
      return await startDaemon(options, contextOf(options, dataDir, fetcher), release);
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    throw typedError(error);
  }
}

async function startDaemon(
  options: DaemonOptions,
  { askAgain, ...context }: DaemonContext,
  release: () => Promise<void>,
): Promise<Daemon> {
  const { disk, layout } = context;
  await recover(context);
  await disk.syncDirectory(layout.plugins);
  await disk.syncDirectory(layout.dataDir);

  const limits = { ...defaultLimits, ...options.limits };
  const events = createEventLog(options.clock, limits.maxRememberedEvents);
  const activity = await openActivityLog(disk, layout.activity, {
    clock: options.clock,
    onProblem: (error) => context.onLeftover(error, layout.activity),
  });
  await reconcile(context, activity, await managedIds(context));
  const announcer = createAnnouncer(events, activity);
  const watch = createWatch({ ...context, announcer, askAgain, graceMs: limits.graceMs });
  const routine = createRoutine(watch, {
    disk,
    layout,
    clock: options.clock,
    schedule: options.schedule ?? cronScheduler,
    random: Math.random,
    everyMs: limits.routineMs,
    ids: () => managedIds(context),
    onProblem: (error, about) =>
      options.logger?.warn({ err: error, about }, 'An installed plugin could not be checked'),
  });
  const life = lifetime();
  const managed = await manage({
    place: context,
    events,
    life,
    checkBeforeLoad: (id, signal) => watch.assertStillTrusted(id, signal),
    language: options.language,
    keepsLoaded: options.keepsLoaded ?? false,
    environment: process.env,
    limits,
    onTrouble: (error, about) => options.logger?.warn({ err: error, about }, sentenceOf(error)),
  });
  const traces = createTraceLog({ events, clock: options.clock });
  const reported = { ...context, links: managed.links, events, announcer, traces };
  managed.start();

  return {
    ...managed.face,
    get info() {
      return infoOf(options, context, managed.language);
    },
    events,
    install: (request) => life.run((closing) => installReported(reported, request, closing)),
    uninstall: (id) => life.run(() => uninstallReported(reported, id)),
    rollback: (id) => life.run(() => rollbackReported(reported, id)),
    adopt: (id, signal) => life.run((closing) => adoptReported(reported, id, either(signal, closing))),
    check: (id, signal) => life.run((closing) => watch.check(id, 'request', either(signal, closing))),
    assertStillTrusted: (id, signal) =>
      life.run((closing) => watch.assertStillTrusted(id, either(signal, closing))),
    checkAll: (signal) => life.run((closing) => routine.run(either(signal, closing))),
    activity: (after, limit) =>
      after === undefined
        ? { entries: activity.newest(limit), hasMore: false }
        : activity.after(after, limit),
    accounts: () => life.run(() => listAccounts(disk, layout)),
    traces: () => traces.list(),
    trace: (job) => traces.read(job) ?? noTrace(job),
    list: (wanted) =>
      life.run(async () => {
        const rows = await listPlugins(context, wanted ?? managed.language);
        return rows.map((row) => ({ ...row, load: managed.loadOf(row.id) }));
      }),
    details: (id, wanted) =>
      life.run(async () => {
        const details = isPluginId(id)
          ? await pluginDetails(context, id, wanted ?? managed.language)
          : undefined;
        if (details === undefined) throw notInstalled(id);
        return { ...details, load: managed.loadOf(id) };
      }),
    [Symbol.asyncDispose]: async () => {
      // At once: what is being loaded would hold up the end of the call that waits for it.
      const unloaded = managed.close();
      const isFirst = await life.close();
      await unloaded;
      if (!isFirst) return;
      await routine.close();
      await context.retirement.close();
      await release();
    },
  };
}

type DaemonContext = InstallContext & { readonly askAgain: AskRevocation };

function contextOf(options: DaemonOptions, dataDir: string, fetch: Fetcher | undefined): DaemonContext {
  const { revocation } = options;
  const system = options.system ?? process.platform;
  const disk = options.disk ?? nodeDisk(system);
  const layout = layoutOf(dataDir);
  const { ask, askWatched, askAgain } = askersOf(options, layout.answers, fetch);
  const limits = { ...defaultLimits, ...options.limits };
  const links = linkSwitch(disk, layout, system);
  const queue = new KeyQueue();
  const onLeftover = (error: unknown, about: string): void =>
    options.logger?.warn({ err: error, about }, 'Left for the next start of the daemon to clean up');
  return {
    disk,
    layout,
    links,
    system,
    platform: options.platform ?? currentPlatform(),
    anchors: options.anchors,
    storeAnchors: options.storeAnchors,
    revocation,
    ask,
    askWatched,
    askAgain,
    clock: options.clock,
    at: options.at,
    admission: new Admission({
      maxRunning: limits.maxRunningInstalls,
      maxWaiting: limits.maxWaitingInstalls,
    }),
    queue,
    retirement: createRetirement({ disk, layout, links }, { retireMs: limits.retireMs, queue, onLeftover }),
    onLeftover,
  };
}

/** What is being installed is asked about afresh, with its answers kept; what is installed may be judged by kept ones. */
function askersOf(
  { ask, askAgain, revocation }: DaemonOptions,
  answers: string,
  fetch: Fetcher | undefined,
): Pick<DaemonContext, 'ask' | 'askWatched' | 'askAgain'> {
  if (ask !== undefined) return { ask, askWatched: () => ask, askAgain: askAgain ?? ask };
  if (fetch === undefined) throw new DaemonError('INTERNAL_ERROR', 'Nobody answers revocation questions.');
  const cache = createAnswerCache(answers);
  const over = (mode: 'fresh' | 'cached', watch?: WatchExchanges) =>
    createRevocationChecker({ fetch, cache, mode, revocation, watch });
  return {
    ask: over('fresh'),
    askWatched: (watch) => over('fresh', watch),
    askAgain: askAgain ?? over('cached'),
  };
}

/** Ids of what this daemon installed; what other programs left is not its to check. */
async function managedIds({ disk, layout, links }: InstallContext): Promise<string[]> {
  const ids: string[] = [];
  for (const name of await disk.list(layout.plugins)) {
    const active = isPluginId(name) ? await links.active(name) : undefined;
    if (active !== undefined && active !== 'foreign') ids.push(name);
  }
  return ids;
}

function sentenceOf(error: unknown): string {
  return typedError(error).message;
}

function either(signal: AbortSignal | undefined, closing: AbortSignal): AbortSignal {
  return signal === undefined ? closing : AbortSignal.any([signal, closing]);
}

function infoOf(options: DaemonOptions, context: InstallContext, language: string): DaemonInfo {
  return {
    pid: process.pid,
    dataDir: context.layout.dataDir,
    platform: context.platform,
    language,
    revocation: options.revocation,
    anchors: options.anchors.map(({ certificate }) => ({
      subject: certificate.subject.text,
      sha256: certificate.fingerprint,
    })),
    ...(options.at === undefined ? {} : { judgedAt: options.at.toISOString() }),
  };
}

function noTrace(job: string): never {
  throw new DaemonError('TRACE_NOT_FOUND', `No install ${JSON.stringify(job.slice(0, 64))} is remembered.`);
}

function busy(dataDir: string, pid: number): DaemonError {
  return new DaemonError('DATA_DIR_BUSY', `Another daemon (process ${pid}) owns ${dataDir}.`, {
    path: dataDir,
  });
}
