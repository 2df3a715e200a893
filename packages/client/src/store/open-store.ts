import type { PluginSnapshot } from '@jami-plugin-store/contract';
import type { DaemonMirror } from '../daemon/daemon-mirror.js';
import type { Network } from '../network/network.js';
import type { Timer } from '../network/timer.js';
import { StorePlugins } from '../plugin/store-plugins.js';
import type { TraceBook } from '../traces/trace-book.js';
import { offerOf } from './catalog-item.js';
import type { ConfiguredStore } from './configured-stores.js';
import { createStoreApi, type StoreApi, type StoreRequest } from './store-api.js';
import { StoreCatalogue } from './store-catalogue.js';

export interface OpenStoreMeans {
  network: Network;
  mirror: DaemonMirror;
  traces: TraceBook;
  cacheDir: string;
  platform: string;
  clock: () => Date;
  timer: Timer;
  random: () => number;
  language: () => string | undefined;
  /** A plugin of this store changed, or is neither offered nor installed any more. */
  onPlugin(store: OpenStore, id: string, snapshot: PluginSnapshot | undefined): void;
  onStanding(store: OpenStore): void;
  onTrouble(error: Error): void;
}

/** One configured store at work: what it offers, and its plugins on this machine. */
export class OpenStore implements Disposable {
  readonly config: ConfiguredStore;
  readonly api: StoreApi;
  readonly plugins: StorePlugins;
  readonly catalogue: StoreCatalogue;

  constructor(config: ConfiguredStore, means: OpenStoreMeans) {
    const { network, clock, timer, random, platform, onTrouble } = means;
    this.config = config;
    this.api = createStoreApi(network, config.url, platform);
    this.plugins = new StorePlugins({
      ...means,
      store: this.api,
      listener: {
        changed: (snapshot) => means.onPlugin(this, snapshot.id, snapshot),
        gone: (id) => means.onPlugin(this, id, undefined),
      },
    });
    this.catalogue = new StoreCatalogue({
      store: this.api,
      network,
      clock,
      timer,
      random,
      request: () => this.plugins.request(),
      onChange: () => means.onStanding(this),
      onTrouble: (error) => onTrouble(error instanceof Error ? error : new Error(String(error))),
      onItems: (items, isWhole) => {
        const { registry } = this.plugins;
        const offered = new Map(items.map((item) => [item.id, item]));
        for (const id of registry.ids()) {
          const item = offered.get(id);
          // The digest that an earlier question brought still belongs to this version.
          if (item !== undefined && registry.offered(id)?.version !== item.version)
            registry.noteOffer(id, offerOf(item));
          else if (item === undefined && isWhole) registry.noteOffer(id, undefined);
        }
      },
    });
  }

  get name(): string {
    return this.config.name;
  }

  get url(): string {
    return this.api.url.href;
  }

  request(): StoreRequest {
    return this.plugins.request();
  }

  /** Where a plugin stands, also one that nobody has asked anything of yet. */
  snapshot(id: string): PluginSnapshot {
    const item = this.catalogue.item(id);
    return this.plugins.registry.preview(id, item && offerOf(item));
  }

  /** Nothing is asked any more; downloads are to be ended before `dispose`. */
  stop(): void {
    this.catalogue[Symbol.dispose]();
    this.plugins.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.plugins[Symbol.dispose]();
  }
}
