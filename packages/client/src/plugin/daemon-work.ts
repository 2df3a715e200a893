import type { InstalledRelease } from '@jami-plugin-store/contract';
import type { DaemonApi } from '../daemon/daemon-api.js';
import { ClientError } from '../error.js';
import type { DownloadedArchive, PluginWork, RollbackInput, UninstallInput } from './plugin-work.js';

export interface DaemonWorkMeans {
  daemon: DaemonApi;
  /** Aborted when the client closes: what the daemon was asked is not awaited any more. */
  closing: AbortSignal;
  /** The daemon has changed, or may have. */
  onChange(): void;
}

/** The work behind the machine of a plugin that no store stands behind: the daemon can remove it and go back, no more. */
export class DaemonWork implements PluginWork {
  readonly #means: DaemonWorkMeans;

  constructor(means: DaemonWorkMeans) {
    this.#means = means;
  }

  /** @throws {ClientError} STORE_NOT_CONFIGURED */
  async download(): Promise<DownloadedArchive> {
    throw new ClientError('STORE_NOT_CONFIGURED', 'No store stands behind this plugin');
  }

  /** @throws {ClientError} STORE_NOT_CONFIGURED */
  async install(): Promise<InstalledRelease> {
    throw new ClientError('STORE_NOT_CONFIGURED', 'No store stands behind this plugin');
  }

  async uninstall({ id }: UninstallInput): Promise<void> {
    const { daemon, closing, onChange } = this.#means;
    await daemon.uninstall(id, { signal: closing });
    onChange();
  }

  async rollback({ id }: RollbackInput): Promise<InstalledRelease> {
    const { daemon, closing, onChange } = this.#means;
    const { version, from } = await daemon.rollback(id, { signal: closing });
    onChange();
    // The two versions have changed places; the daemon's list says it again.
    return { version, previousVersion: from };
  }
}
