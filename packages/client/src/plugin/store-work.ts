import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstalledRelease, OfferedRelease } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import type { DaemonApi } from '../daemon/daemon-api.js';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import type { StoreApi } from '../store/store-api.js';
import type { TraceBook } from '../traces/trace-book.js';
import { DaemonWork } from './daemon-work.js';
import type {
  DownloadedArchive,
  DownloadInput,
  InstallConsent,
  InstallInput,
  PluginWork,
  RollbackInput,
  UninstallInput,
} from './plugin-work.js';

export interface StoreWorkMeans {
  store: StoreApi;
  network: Network;
  daemon: DaemonApi;
  cacheDir: string;
  /** Where what is sent is written down. */
  traces: TraceBook;
  /** `Accept-Language` of the questions to the store. */
  language: () => string | undefined;
  /** Aborted when the client closes: an installation is not awaited any more, but never called off. */
  closing: AbortSignal;
  /** The daemon has changed, or may have. */
  onChange(): void;
  /** Something went wrong that does not decide the plugin's fate. */
  onTrouble(error: ClientError): void;
}

/** The real work behind a plugin's machine: downloads from one store, installs by the daemon. */
export class StoreWork implements PluginWork {
  readonly #means: StoreWorkMeans;
  readonly #daemonWork: DaemonWork;
  readonly #folder: string;
  readonly #downloads = new Map<string, Promise<DownloadedArchive>>();
  /** Installations asked for by this client, by the name they have in the daemon's events. */
  readonly #jobs = new Map<string, InstallInput['report']>();

  constructor(means: StoreWorkMeans) {
    this.#means = means;
    this.#daemonWork = new DaemonWork(means);
    // Two stores may have different plugins of one id.
    const name = createHash('sha256').update(means.store.url.href).digest('hex').slice(0, 16);
    this.#folder = join(resolve(means.cacheDir), name);
  }

  download(input: DownloadInput, signal: AbortSignal): Promise<DownloadedArchive> {
    const running = this.#download(input, signal);
    this.#downloads.set(input.id, running);
    const forget = (): void => {
      if (this.#downloads.get(input.id) === running) this.#downloads.delete(input.id);
    };
    running.then(forget, forget);
    return running;
  }

  /** Resolves when nothing of a plugin is being downloaded any more. */
  async downloadEnded(id: string): Promise<void> {
    // How it ended is told by the plugin's machine.
    await Promise.allSettled([this.#downloads.get(id)]);
  }

  /** Has the daemon judge the archive and install it; what it refuses is removed. */
  async install({
    id,
    archive,
    target,
    installed,
    consent,
    report,
  }: InstallInput): Promise<InstalledRelease> {
    const { daemon, store, closing, traces } = this.#means;
    const { job } = archive;
    this.#jobs.set(job, report);
    try {
      const { version } = await traces.install(
        daemon,
        {
          path: archive.path,
          expect: { id, version: target.version, sha256: target.sha256 ?? archive.sha256 },
          store: store.url.href,
          job,
          ...consentOf(consent, target, installed),
        },
        closing,
      );
      await this.#removeArchive(archive.path);
      return { version };
    } catch (error) {
      // A daemon that is away may still take the archive when it is back.
      if (error instanceof DaemonRefusal) await this.#removeArchive(archive.path);
      throw error;
    } finally {
      this.#means.onChange();
      this.#jobs.delete(job);
    }
  }

  uninstall(input: UninstallInput): Promise<void> {
    return this.#daemonWork.uninstall(input);
  }

  rollback(input: RollbackInput): Promise<InstalledRelease> {
    return this.#daemonWork.rollback(input);
  }

  /** The daemon has verified so many files of the archive of one of its jobs. */
  noteVerifying(job: string, done: number, of: number): void {
    this.#jobs.get(job)?.({ type: 'install.progress', done, of });
  }

  /** Downloads what the store offers now, which may be newer than its list said, or the version that was asked for. */
  async #download({ id, consent, report }: DownloadInput, signal: AbortSignal): Promise<DownloadedArchive> {
    const { store, network, traces, language } = this.#means;
    const job = randomUUID();
    const trace = traces.begin(job, id);
    try {
      const details = { observe: trace.details(), language: language(), version: consent.version, signal };
      const { release, url } = await store.offer(id, details);
      trace.noteVersion(release.version);
      report({ type: 'download.target', release });
      const { path, sha256 } = await network.download(url, join(this.#folder, `${id}.jpl`), {
        signal,
        expect: release,
        // Whether it is another plugin or a damaged one is for the daemon to say.
        unexpected: 'keep',
        observe: trace.download(),
        onProgress: (progress) => {
          trace.noteReceived(progress);
          report({ type: 'download.progress', ...progress });
        },
        onPause: ({ error, attempt, delayMs, isOffline }) => {
          trace.noteBroken(error);
          const network = error.network ?? 'NETWORK_ERROR';
          const broken = { code: error.code, network, attempt, delayMs, ...(isOffline ? { isOffline } : {}) };
          report({ type: 'download.broken', broken });
        },
      });
      if (signal.aborted) {
        await this.#removeArchive(path);
        throw new ClientError('CANCELED', 'The download was canceled');
      }
      return { path, sha256, job };
    } catch (error) {
      trace.end(error);
      throw error;
    }
  }

  /** Removes an archive of this client's own cache; nothing else is ever removed. */
  async #removeArchive(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
    } catch (cause) {
      this.#means.onTrouble(
        new ClientError('CACHE_NOT_WRITABLE', `${path} could not be removed`, { at: path, cause }),
      );
    }
  }
}

/** The part of an install request that is the user's. A version that was asked for by name may be the same or an older one. */
export function consentOf(
  { acceptPublisher, force, version, onlyHigher }: InstallConsent,
  target?: OfferedRelease,
  installed?: string,
): { acceptPublisher?: string; force?: boolean } {
  const goesBack =
    version !== undefined &&
    onlyHigher !== true &&
    target !== undefined &&
    installed !== undefined &&
    !isHigher(target, installed);
  return {
    ...(acceptPublisher === undefined ? {} : { acceptPublisher }),
    ...(force === undefined && !goesBack ? {} : { force: force === true || goesBack }),
  };
}

function isHigher({ version }: OfferedRelease, than: string): boolean {
  return !isVersion(than) || !isVersion(version) || compareVersions(version, than) > 0;
}
