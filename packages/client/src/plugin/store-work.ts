import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { InstalledRelease } from '@jami-plugin-store/contract';
import type { DaemonApi } from '../daemon/daemon-api.js';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import type { StoreApi } from '../store/store-api.js';
import type {
  DownloadedArchive,
  DownloadInput,
  InstallConsent,
  InstallInput,
  PluginWork,
  UninstallInput,
} from './plugin-machine.js';

export interface StoreWorkMeans {
  store: StoreApi;
  network: Network;
  daemon: DaemonApi;
  cacheDir: string;
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
  readonly #folder: string;
  readonly #downloads = new Map<string, Promise<DownloadedArchive>>();
  /** Installations asked for by this client, by the name they have in the daemon's events. */
  readonly #jobs = new Map<string, InstallInput['report']>();

  constructor(means: StoreWorkMeans) {
    this.#means = means;
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
  async install({ id, archive, target, consent, report }: InstallInput): Promise<InstalledRelease> {
    const { daemon, store, closing } = this.#means;
    const job = randomUUID();
    this.#jobs.set(job, report);
    try {
      const { version } = await daemon.install(
        {
          path: archive.path,
          expect: { id, version: target.version, sha256: target.sha256 ?? archive.sha256 },
          store: store.url.href,
          job,
          ...consentOf(consent),
        },
        { signal: closing },
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

  async uninstall({ id }: UninstallInput): Promise<void> {
    await this.#means.daemon.uninstall(id, { signal: this.#means.closing });
    this.#means.onChange();
  }

  /** The daemon has verified so many files of the archive of one of its jobs. */
  noteVerifying(job: string, done: number, of: number): void {
    this.#jobs.get(job)?.({ type: 'install.progress', done, of });
  }

  /** Downloads what the store offers now, which may be newer than its list said. */
  async #download({ id, report }: DownloadInput, signal: AbortSignal): Promise<DownloadedArchive> {
    const { store, network } = this.#means;
    const { release, url } = await store.offer(id, { signal });
    report({ type: 'download.target', release });
    const { path, sha256 } = await network.download(url, join(this.#folder, `${id}.jpl`), {
      signal,
      expect: release,
      // Whether it is another plugin or a damaged one is for the daemon to say.
      unexpected: 'keep',
      onProgress: ({ received, total }) => report({ type: 'download.progress', received, total }),
      onPause: ({ error, attempt, delayMs }) =>
        report({
          type: 'download.broken',
          broken: { code: error.code, network: error.network ?? 'NETWORK_ERROR', attempt, delayMs },
        }),
    });
    if (signal.aborted) {
      await this.#removeArchive(path);
      throw new ClientError('CANCELED', 'The download was canceled');
    }
    return { path, sha256 };
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

/** The part of an install request that is the user's. */
export function consentOf({ acceptPublisher, force }: InstallConsent): {
  acceptPublisher?: string;
  force?: boolean;
} {
  return {
    ...(acceptPublisher === undefined ? {} : { acceptPublisher }),
    ...(force === undefined ? {} : { force }),
  };
}
