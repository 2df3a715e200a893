import { randomUUID } from 'node:crypto';
import { mkdir, realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { DaemonInfo, InstalledPlugin, PluginDetails } from '@jami-plugin-store/contract';
import { currentPlatform, isPluginId } from '@jami-plugin-store/jpl';
import { createFetcher, createRevocationChecker, type Fetcher } from '@jami-plugin-store/revocation';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import { type Disk, nodeDisk } from './disk/disk.js';
import { DaemonError } from './error.js';
import { errorOutcome, typedError } from './error-outcome.js';
import { createEventLog, type EventLog } from './events/event-log.js';
import { Admission } from './install/admission.js';
import {
  type InstallContext,
  type InstallOutcome,
  type InstallRequest,
  installPackage,
} from './install/install-package.js';
import { KeyQueue } from './install/key-queue.js';
import { layoutOf } from './installed/layout.js';
import { linkSwitch } from './installed/link-switch.js';
import { listPlugins } from './installed/list-plugins.js';
import { pluginDetails } from './installed/plugin-details.js';
import { recover } from './installed/recovery.js';
import { createRetirement } from './installed/retirement.js';
import { lifetime } from './lifetime.js';
import { acquireFolderLock } from './lock/folder-lock.js';
import { notInstalled, type UninstallOutcome, uninstallPlugin } from './uninstall.js';

export interface DaemonOptions {
  /** Jami's data folder; made where it is missing. */
  readonly dataDir: string;
  readonly anchors: readonly TrustAnchor[];
  /** Anchors by store, for installs that name one; without it every store's packages are judged under `anchors`. */
  readonly storeAnchors?: ReadonlyMap<string, readonly TrustAnchor[]> | undefined;
  readonly revocation: RevocationMode;
  /** Answers revocation questions, afresh for each install. Default: OCSP and CRL over the network. */
  readonly ask?: AskRevocation | undefined;
  readonly clock: () => Date;
  /** Judges every package at this instant instead of the clock's. */
  readonly at?: Date | undefined;
  /** Jami's name of the platform whose libraries are installed. */
  readonly platform?: string | undefined;
  /** The system whose ways of files and links are used. */
  readonly system?: NodeJS.Platform | undefined;
  /** Default language of texts. */
  readonly language?: string | undefined;
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
  /** Events remembered for streams that were cut off. */
  maxRememberedEvents: number;
}

const defaultLimits: DaemonLimits = {
  maxRunningInstalls: 2,
  maxWaitingInstalls: 64,
  retireMs: 2_000,
  maxRememberedEvents: 1_024,
};

/** Owns one data folder until disposed of. Errors are JplError, TrustError or DaemonError, nothing else. */
export interface Daemon extends AsyncDisposable {
  readonly info: DaemonInfo;
  readonly events: EventLog;
  /**
   * @throws {JplError | TrustError} what is wrong with the package or its certificates
   * @throws {DaemonError} what forbids it to become the installed one, or the disk
   */
  install(request: InstallRequest): Promise<InstallOutcome>;
  /** @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | … */
  uninstall(id: string): Promise<UninstallOutcome>;
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
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
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
  context: InstallContext,
  release: () => Promise<void>,
): Promise<Daemon> {
  const { disk, layout } = context;
  await recover(context);
  await disk.syncDirectory(layout.plugins);
  await disk.syncDirectory(layout.dataDir);

  const language = options.language ?? 'en';
  const events = createEventLog(options.clock, { ...defaultLimits, ...options.limits }.maxRememberedEvents);
  const life = lifetime();

  return {
    info: infoOf(options, context, language),
    events,
    install: (request) => life.run((closing) => installReported(context, events, request, closing)),
    uninstall: (id) =>
      life.run(async () => {
        const outcome = await context.queue.run(id.toLowerCase(), () => uninstallPlugin(context, id));
        events.append({ type: 'uninstalled', plugin: id, version: outcome.version ?? null });
        return outcome;
      }),
    list: (wanted) => life.run(() => listPlugins(context, wanted ?? language)),
    details: (id, wanted) =>
      life.run(async () => {
        const details = isPluginId(id) ? await pluginDetails(context, id, wanted ?? language) : undefined;
        if (details === undefined) throw notInstalled(id);
        return details;
      }),
    [Symbol.asyncDispose]: async () => {
      if (!(await life.close())) return;
      await context.retirement.close();
      await release();
    },
  };
}

function contextOf(options: DaemonOptions, dataDir: string, fetch: Fetcher | undefined): InstallContext {
  const { revocation } = options;
  const ask =
    fetch === undefined ? options.ask : createRevocationChecker({ fetch, mode: 'fresh', revocation });
  if (ask === undefined) throw new DaemonError('INTERNAL_ERROR', 'Nobody answers revocation questions.');
  const system = options.system ?? process.platform;
  const disk = options.disk ?? nodeDisk(system);
  const layout = layoutOf(dataDir);
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

async function installReported(
  context: InstallContext,
  events: EventLog,
  request: InstallRequest,
  closing: AbortSignal,
): Promise<InstallOutcome> {
  const job = request.job ?? randomUUID();
  const { path } = request;
  const tell = throttled((done, of) => events.append({ type: 'verifying', job, path, done, of }));
  try {
    if (!isAbsolute(path) || path.includes('\0'))
      throw new DaemonError('PATH_NOT_ABSOLUTE', `${JSON.stringify(path)} is not an absolute path.`);
    const outcome = await installPackage(context, {
      ...request,
      signal: request.signal === undefined ? closing : AbortSignal.any([request.signal, closing]),
      onProgress: (done, of) => {
        tell(done, of);
        request.onProgress?.(done, of);
      },
    });
    const { id: plugin, version, from } = outcome;
    events.append({ type: 'installed', job, plugin, version, from, publisher: outcome.publisher.name });
    return { job, ...outcome };
  } catch (error) {
    const { code, message, resultCode, detail } = errorOutcome(error);
    const about = detail?.plugin === undefined ? {} : { plugin: detail.plugin.id };
    events.append({ type: 'refused', job, path, code, message, resultCode, ...about });
    throw error;
  }
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

function busy(dataDir: string, pid: number): DaemonError {
  return new DaemonError('DATA_DIR_BUSY', `Another daemon (process ${pid}) owns ${dataDir}.`, {
    path: dataDir,
  });
}
