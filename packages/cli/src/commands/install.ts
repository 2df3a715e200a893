import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type ConfiguredStore,
  createStoreClient,
  type DaemonApi,
  type StoreClient,
} from '@jami-plugin-store/client';
import type { InstallRequest, PluginFailure, PluginSnapshot } from '@jami-plugin-store/contract';
import { currentPlatform, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { dataDirOf, exists, languageOf, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { defaultCacheDir } from '../options.js';
import type { PolicyOptions } from '../policy.js';
import { printable } from '../printable.js';
import { clearProgress, drawProgress, drawVerifying } from '../progress.js';
import { acceptsPublisher, describePublishers } from '../publisher-change.js';
import { describeRefusal, InstallFailure } from '../refusal.js';
import { refusalOf } from '../refusal-of.js';
import { chooseStore, networkOf } from '../store-access.js';
import { UsageError } from '../usage-error.js';

export interface InstallOptions extends PolicyOptions {
  readonly store?: string | undefined;
  readonly force?: boolean | undefined;
  /** Exactly this version, an older one included. */
  readonly release?: string | undefined;
  readonly acceptPublisher?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl install FILE|ID`: through the daemon that owns the data folder, or in this process where none runs. */
export async function install(io: Io, target: string, options: InstallOptions): Promise<number> {
  const isFile = await looksLikeFile(io, target);
  try {
    const { id, version, verdict } = await installTarget(io, target, isFile, options);
    const message = `${id} ${version} is installed`;
    if (options.json) printJson(io, { installed: true, id, version, code: null, message, resultCode: 0 });
    else io.stdout(`${message}\n`);
    if (verdict !== undefined) io.stderr(verdict);
    return 0;
  } catch (error) {
    if (options.json || io.signal.aborted) throw error;
    const refusal = await refusalOf(error);
    const hint = describePublishers(`jpl install ${target}`, refusal);
    io.stderr(`${isFile ? printable(target) : 'jpl'}: ${describeRefusal(refusal)}${hint}`);
    return refusal.exitCode;
  }
}

async function installTarget(
  io: Io,
  target: string,
  isFile: boolean,
  options: InstallOptions,
): Promise<{ id: string; version: string; verdict: string | undefined }> {
  if (isFile && options.release !== undefined)
    throw new UsageError('USAGE', '--release is about a plugin of a store, and this is a file');
  // Asked before the daemon: nothing is made for a command that cannot go on.
  const store = isFile ? undefined : await chooseStore(io, options);
  if (isFile && !(await exists(dataDirOf(io, options)))) await assertArchive(resolve(io.cwd, target));
  await using daemon = await openDaemon(io, options);
  const { id, version } =
    store === undefined
      ? await installFile(io, daemon, target, options)
      : await installFromStore(io, daemon, store, target, options);
  const isTold = io.interactive && options.json !== true;
  return { id, version, verdict: isTold ? await verdictOf(io, daemon, id) : undefined };
}

/** For the person who watches: by whom it is, and what was verified. */
async function verdictOf(io: Io, daemon: DaemonApi, id: string): Promise<string> {
  const {
    author,
    files,
    certificatePath = [],
    revocation = [],
  } = await daemon.details(id, {
    signal: io.signal,
  });
  const lines = [
    `by ${author}; ${files ?? 0} files, every signature holds`,
    ...certificatePath.map(({ subject, notAfter }, depth) => {
      const asked = revocation[depth];
      const status = asked === undefined ? 'trust anchor' : `${asked.status} (${asked.source})`;
      return `${'  '.repeat(depth)}${subject}, until ${notAfter.slice(0, 10)}: ${status}`;
    }),
  ];
  return lines.map((line) => `  ${printable(line)}\n`).join('');
}

/** What is no package at all is refused before a data folder is made for it. @throws {JplError} */
async function assertArchive(path: string): Promise<void> {
  await using source = await openFileSource(path);
  await openArchive(source);
}

/** A path, or anything that is there as a file; a plugin's id has neither slash nor `.jpl`. */
async function looksLikeFile(io: Io, target: string): Promise<boolean> {
  if (/[/\\]|\.jpl$/i.test(target)) return true;
  return stat(resolve(io.cwd, target)).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function installFile(
  io: Io,
  daemon: DaemonApi,
  target: string,
  options: InstallOptions,
): Promise<{ id: string; version: string }> {
  const path = resolve(io.cwd, target);
  const consent = consentOf(options);
  try {
    return await installWatchedFile(io, daemon, { path, ...consent });
  } catch (error) {
    const { plugin, ...refusal } = await refusalOf(error);
    const accepted = options.json ? undefined : await acceptsPublisher(io, plugin?.id ?? target, refusal);
    if (accepted === undefined) throw error;
    return await installWatchedFile(io, daemon, { path, ...consent, acceptPublisher: accepted });
  }
}

/** Shows how many files are verified, where somebody watches. */
async function installWatchedFile(
  io: Io,
  daemon: DaemonApi,
  request: Pick<InstallRequest, 'path' | 'force' | 'acceptPublisher'>,
): Promise<{ id: string; version: string }> {
  const job = randomUUID();
  const watching = new AbortController();
  const watched = io.interactive ? drawJob(io, daemon, job, watching.signal) : undefined;
  try {
    return await daemon.install({ ...request, job }, { signal: io.signal });
  } finally {
    watching.abort();
    await watched;
    clearProgress(io);
  }
}

async function drawJob(io: Io, daemon: DaemonApi, job: string, signal: AbortSignal): Promise<void> {
  for await (const news of daemon.events({ signal })) {
    if (news.type !== 'event' || news.event.type !== 'verifying' || news.event.job !== job) continue;
    drawVerifying(io, news.event.done, news.event.of);
  }
}

async function installFromStore(
  io: Io,
  daemon: DaemonApi,
  { url }: ConfiguredStore,
  id: string,
  options: InstallOptions,
): Promise<{ id: string; version: string }> {
  await using client = createStoreClient({
    storeUrl: url,
    cacheDir: defaultCacheDir(io),
    daemon,
    platform: currentPlatform(),
    language: languageOf(io),
    network: await networkOf(io),
  });
  const snapshot = await installWatched(io, client, id, options);
  const { failure, installed } = snapshot;
  // An older version that was asked for rests as updatable.
  if (failure === undefined && installed !== undefined) return { id, version: installed.version };
  throw new InstallFailure(io.signal.aborted ? canceled : (failure ?? canceled));
}

const canceled: PluginFailure = {
  source: 'client',
  code: 'CANCELED',
  message: 'The install was stopped; what was downloaded is kept for the next try.',
};

/** Follows the plugin's states on the terminal until it comes to rest. */
async function installWatched(
  io: Io,
  client: StoreClient,
  id: string,
  options: InstallOptions,
): Promise<PluginSnapshot> {
  const { release: version } = options;
  const consent = { ...consentOf(options), ...(version === undefined ? {} : { version }) };
  await client.start();
  const stopWatching = client.on((event) => {
    if (event.type === 'plugin' && event.plugin.id === id) drawProgress(io, event.plugin);
  });
  // Closing keeps what was received for the next try; a cancel would throw it away.
  const close = (): void => void client[Symbol.asyncDispose]();
  io.signal.addEventListener('abort', close, { once: true });
  try {
    const snapshot = await client.install(id, consent);
    const accepted = options.json ? undefined : await acceptsPublisher(io, id, snapshot.failure);
    if (accepted === undefined) return snapshot;
    return await client.retry(id, { ...consent, acceptPublisher: accepted });
  } catch (error) {
    throw io.signal.aborted ? new InstallFailure(canceled) : error;
  } finally {
    stopWatching();
    clearProgress(io);
    io.signal.removeEventListener('abort', close);
  }
}

function consentOf({ force, acceptPublisher }: InstallOptions): {
  force?: boolean;
  acceptPublisher?: string;
} {
  return {
    ...(force === undefined ? {} : { force }),
    ...(acceptPublisher === undefined ? {} : { acceptPublisher }),
  };
}
