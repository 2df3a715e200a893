import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientError, connectDaemon, type DaemonApi, listStores, storeUrl } from '@jami-plugin-store/client';
import {
  assertOwnSocket,
  createDaemon,
  type Daemon,
  DaemonError,
  privateSocketPath,
  secretForCallers,
  serveDaemon,
  socketPathOf,
} from '@jami-plugin-store/daemon';
import { preferredLanguages } from '@jami-plugin-store/jpl';
import { parseTrustAnchors, type TrustAnchor } from '@jami-plugin-store/trust';
import type { Io } from './io.js';
import { defaultDataDir } from './options.js';
import { choosePolicy, type PolicyOptions } from './policy.js';
import { printable } from './printable.js';
import { UsageError } from './usage-error.js';

export function dataDirOf(io: Io, options: { dataDir?: string | undefined }): string {
  return resolve(io.cwd, options.dataDir ?? defaultDataDir(io));
}

const languageTag = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/;
const maxLanguages = 3;

/** The languages of texts as tags, best first: Jami's own variable, else the system's (`fr_CA.UTF-8` is `fr-CA`), else `en`. */
export function languageOf(io: Io): string {
  const tags = preferredLanguages(io.env).map((locale) => locale.replace(/[.@].*$/, '').replaceAll('_', '-'));
  const known = tags.filter((tag) => languageTag.test(tag)).slice(0, maxLanguages);
  return known.join(', ') || 'en';
}

/** A daemon in this process, by the user's policy and the configured stores; it owns the data folder until closed. */
export async function startDaemon(
  io: Io,
  options: PolicyOptions,
  { keepsLoaded = false } = {},
): Promise<Daemon> {
  const dataDir = dataDirOf(io, options);
  const policy = await choosePolicy(io, { ...options, dataDir });
  const byHand = (options.trustAnchor ?? []).length > 0;
  return await createDaemon({
    dataDir,
    anchors: policy.anchors,
    storeAnchors: byHand ? undefined : await anchorsByStore(dataDir),
    revocation: policy.revocation,
    clock: io.clock,
    at: policy.at,
    language: languageOf(io),
    keepsLoaded,
    logger: { warn: (_about, message) => io.stderr(`warning: ${printable(message)}\n`) },
  });
}

async function anchorsByStore(dataDir: string): Promise<ReadonlyMap<string, readonly TrustAnchor[]>> {
  const stores = await listStores(dataDir);
  return new Map(
    stores.map(({ url, rootPem }) => [storeUrl(url).href, parseTrustAnchors(Buffer.from(rootPem))]),
  );
}

/** The daemon behind an address, told the data folder's secret where it asks for one. */
export async function reachDaemon(socket: string, dataDir: string): Promise<DaemonApi> {
  return connectDaemon(socket, { secret: await secretForCallers(dataDir) });
}

/** The daemon that owns the data folder, or undefined where none runs. */
async function runningDaemon(dataDir: string): Promise<DaemonApi | undefined> {
  // A folder that cannot be entered is met again, with its reason, by whoever wants to own it.
  if (!(await isEntered(dataDir))) return undefined;
  const socket = socketPathOf(dataDir);
  await assertOwnSocket(socket);
  const daemon = await reachDaemon(socket, dataDir);
  try {
    await daemon.info();
    return daemon;
  } catch (error) {
    await daemon[Symbol.asyncDispose]();
    if (error instanceof ClientError && error.code === 'DAEMON_UNAVAILABLE') return undefined;
    throw error;
  }
}

async function isEntered(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Asking about a plugin does not make a data folder that is not there.
 * @throws {DaemonError} PLUGIN_NOT_INSTALLED
 */
export async function assertDataDir(
  io: Io,
  id: string,
  options: { dataDir?: string | undefined },
): Promise<void> {
  if (await exists(dataDirOf(io, options))) return;
  throw new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed`);
}

/** False only where there is certainly nothing. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}

/**
 * The daemon of a data folder: the running one, else one in this process for as long as the command takes.
 * @throws {UsageError} DAEMON_OWNS_POLICY when a running daemon is to be told whom to trust
 */
export async function openDaemon(io: Io, options: PolicyOptions): Promise<DaemonApi> {
  const dataDir = dataDirOf(io, options);
  const giveUpAt = performance.now() + lockPatienceMs;
  for (;;) {
    const running = await runningDaemon(dataDir);
    if (running !== undefined) return await asCaller(running, dataDir, options);
    try {
      return await privateDaemon(io, options);
    } catch (error) {
      // Another command may hold the folder for a moment, or a daemon that is not yet on its socket.
      const isBusy = error instanceof DaemonError && error.code === 'DATA_DIR_BUSY';
      if (!isBusy || performance.now() > giveUpAt) throw error;
    }
    await pause(100, undefined, { signal: io.signal });
  }
}

const lockPatienceMs = 15_000;

async function asCaller(running: DaemonApi, dataDir: string, options: PolicyOptions): Promise<DaemonApi> {
  const setsPolicy =
    options.trustAnchor?.length || options.revocation !== undefined || options.at !== undefined;
  if (!setsPolicy) return running;
  await running[Symbol.asyncDispose]();
  throw new UsageError(
    'DAEMON_OWNS_POLICY',
    `A daemon owns ${dataDir} and decides whom to trust; --trust-anchor, --revocation and --at belong to its start.`,
  );
}

/** Served on a socket that only this process knows: a neighbour must not be judged by this command's policy. */
async function privateDaemon(io: Io, options: PolicyOptions): Promise<DaemonApi> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const daemon = await startDaemon(io, options);
    closers.push(async () => daemon[Symbol.asyncDispose]());
    const folder = await mkdtemp(join(tmpdir(), 'jpl-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const server = await serveDaemon(daemon, { socketPath: privateSocketPath(folder) });
    closers.push(async () => server[Symbol.asyncDispose]());
    const api = await reachDaemon(server.socket, dataDirOf(io, options));
    closers.push(async () => api[Symbol.asyncDispose]());
    return closingBy(api, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function closingBy(api: DaemonApi, close: () => Promise<void>): DaemonApi {
  return {
    info: (call) => api.info(call),
    list: (call) => api.list(call),
    details: (id, call) => api.details(id, call),
    install: (request, call) => api.install(request, call),
    uninstall: (id, call) => api.uninstall(id, call),
    rollback: (id, call) => api.rollback(id, call),
    adopt: (id, call) => api.adopt(id, call),
    check: (id, call) => api.check(id, call),
    activity: (call) => api.activity(call),
    accounts: (call) => api.accounts(call),
    traces: (call) => api.traces(call),
    trace: (job, call) => api.trace(job, call),
    load: (id, call) => api.load(id, call),
    unload: (id, call) => api.unload(id, call),
    unloadAll: (call) => api.unloadAll(call),
    settings: (call) => api.settings(call),
    changeSettings: (change, call) => api.changeSettings(change, call),
    preferences: (id, call) => api.preferences(id, call),
    setPreferences: (id, change, call) => api.setPreferences(id, change, call),
    resetPreferences: (id, call) => api.resetPreferences(id, call),
    events: (call) => api.events(call),
    [Symbol.asyncDispose]: close,
  };
}
