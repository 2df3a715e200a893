import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type ConfiguredStore,
  createStoreClient,
  type DaemonApi,
  type InstallConsent,
  type StoreClient,
} from '@jami-plugin-store/client';
import type { PluginFailure, PluginSnapshot } from '@jami-plugin-store/contract';
import { currentPlatform, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { dataDirOf, exists, languageOf, openDaemon } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { defaultCacheDir } from '../options.js';
import type { PolicyOptions } from '../policy.js';
import { printable } from '../printable.js';
import { drawProgress } from '../progress.js';
import { describeRefusal, InstallFailure } from '../refusal.js';
import { refusalOf } from '../refusal-of.js';
import { chooseStore, networkOf } from '../store-access.js';

export interface InstallOptions extends PolicyOptions {
  readonly store?: string | undefined;
  readonly force?: boolean | undefined;
  readonly acceptPublisher?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl install FILE|ID`: through the daemon that owns the data folder, or in this process where none runs. */
export async function install(io: Io, target: string, options: InstallOptions): Promise<number> {
  const isFile = await looksLikeFile(io, target);
  try {
    const { id, version } = await installTarget(io, target, isFile, options);
    const message = `${id} ${version} is installed`;
    if (options.json) printJson(io, { installed: true, id, version, code: null, message, resultCode: 0 });
    else io.stdout(`${message}\n`);
    return 0;
  } catch (error) {
    if (!isFile || options.json) throw error;
    const refusal = await refusalOf(error);
    io.stderr(`${printable(target)}: ${describeRefusal(refusal)}`);
    return refusal.exitCode;
  }
}

async function installTarget(
  io: Io,
  target: string,
  isFile: boolean,
  options: InstallOptions,
): Promise<{ id: string; version: string }> {
  // Asked before the daemon: nothing is made for a command that cannot go on.
  const store = isFile ? undefined : await chooseStore(io, options);
  if (isFile && !(await exists(dataDirOf(io, options)))) await assertArchive(resolve(io.cwd, target));
  await using daemon = await openDaemon(io, options);
  return store === undefined
    ? await installFile(io, daemon, target, options)
    : await installFromStore(io, daemon, store, target, options);
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
  return await daemon.install({ path, ...consentOf(options) }, { signal: io.signal });
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
  const snapshot = await installWatched(io, client, id, consentOf(options));
  if (snapshot.state === 'installed') return { id, version: snapshot.installed?.version ?? '' };
  throw new InstallFailure(snapshot.failure ?? canceled);
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
  consent: InstallConsent,
): Promise<PluginSnapshot> {
  await client.start();
  const stopWatching = client.on((event) => {
    if (event.type === 'plugin' && event.plugin.id === id) drawProgress(io, event.plugin);
  });
  // Closing keeps what was received for the next try; a cancel would throw it away.
  const close = (): void => void client[Symbol.asyncDispose]();
  io.signal.addEventListener('abort', close, { once: true });
  try {
    return await client.install(id, consent);
  } catch (error) {
    throw io.signal.aborted ? new InstallFailure(canceled) : error;
  } finally {
    stopWatching();
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
