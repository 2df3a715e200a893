import type { InstalledPlugin } from '@jami-plugin-store/contract';
import type { DaemonMirror } from '../daemon/daemon-mirror.js';
import { ClientError } from '../error.js';
import { DaemonWork } from './daemon-work.js';
import { PluginRegistry, type RegistryListener } from './plugin-registry.js';
import { noteEvent } from './store-plugins.js';

export interface LocalPluginsMeans {
  mirror: DaemonMirror;
  listener: RegistryListener;
  /** True: it came from a store that is configured, and belongs there. */
  hasStore: (row: InstalledPlugin) => boolean;
}

/** The installed plugins that no configured store stands behind: they came from a file, or their store was removed. */
export class LocalPlugins implements Disposable {
  readonly registry: PluginRegistry;
  readonly #means: LocalPluginsMeans;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;

  constructor(means: LocalPluginsMeans) {
    const { mirror, listener } = means;
    this.#means = means;
    const work = new DaemonWork({
      daemon: mirror.daemon,
      closing: this.#closing.signal,
      onChange: () => mirror.noteChange(),
    });
    this.registry = new PluginRegistry(work, listener, () => false);
    this.refresh();
    this.#unsubscribe = mirror.on((news) => {
      if (news.type === 'rows') this.refresh();
      // Whose a new one is says the list that follows.
      const isKnown = news.type === 'event' && 'plugin' in news.event && this.#has(news.event.plugin);
      if (news.type === 'event' && isKnown) noteEvent(this.registry, news.event);
    });
  }

  /** Looks again at what belongs here: the stores have changed. */
  refresh(): void {
    const { mirror, hasStore } = this.#means;
    this.registry.noteRows(mirror.rows.filter((row) => !hasStore(row)));
  }

  stop(): void {
    this.#closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
    this.#unsubscribe();
    this.registry.close();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.registry[Symbol.dispose]();
  }

  #has(id: string | undefined): boolean {
    return id !== undefined && this.registry.row(id) !== undefined;
  }
}
