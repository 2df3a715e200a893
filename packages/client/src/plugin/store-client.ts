import type { InstallReport, PluginSnapshot, StorePlugin } from '@jami-plugin-store/contract';
import type { DaemonApi } from '../daemon/daemon-api.js';
import { DaemonMirror, type DaemonState } from '../daemon/daemon-mirror.js';
import { ClientError } from '../error.js';
import { createNetwork, type NetworkOptions } from '../network/network.js';
import { linkSignals } from '../network/timer.js';
import { catalogOf, type StoreCatalog } from '../store/catalog.js';
import { createStoreApi, type StoreApi } from '../store/store-api.js';
import { TraceBook } from '../traces/trace-book.js';
import { pluginFailure } from './plugin-failure.js';
import type { InstallConsent } from './plugin-work.js';
import { SnapshotFeed, type StoreClientEvent } from './snapshot-feed.js';
import { StorePlugins } from './store-plugins.js';
import { checkForUpdates, type UpdateCheck } from './update-check.js';

export interface StoreClientOptions {
  storeUrl: string | URL;
  /** Folder for downloads, made private to the user; archives in it are the only files this client ever removes. */
  cacheDir: string;
  daemon: DaemonApi;
  /** The platform plugins are wanted for. */
  platform: string;
  /** `Accept-Language` of names and descriptions. */
  language?: string | undefined;
  network?: Omit<NetworkOptions, 'language'> | undefined;
  clock?: (() => Date) | undefined;
}

/**
 * The plugin manager for one store: what it offers, what is installed, and the machine of every plugin. The daemon handed in
 * stays its owner's to close.
 */
export interface StoreClient extends AsyncDisposable {
  readonly store: StoreApi;
  readonly catalog: StoreCatalog;
  readonly daemon: DaemonState;
  readonly traces: TraceBook;
  /** Follows the daemon's events from now on; resolves when it first answered, or first did not. */
  start(): Promise<DaemonState>;
  /** Asks the store for its list. What went wrong is in the catalog, not thrown. */
  refresh(): Promise<StoreCatalog>;
  details(id: string): Promise<StorePlugin>;
  versions(id: string): Promise<StorePlugin[]>;
  plugins(): PluginSnapshot[];
  plugin(id: string): PluginSnapshot | undefined;
  /**
   * Downloads and installs, or updates, and resolves where the plugin came to rest: `installed`, `failed` with its reason, or
   * where it was when canceled.
   * @throws {ClientError} as `StorePlugins.beginInstall`
   */
  install(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  update(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  retry(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  cancel(id: string): Promise<PluginSnapshot>;
  dismiss(id: string): Promise<PluginSnapshot>;
  uninstall(id: string): Promise<PluginSnapshot>;
  rollback(id: string): Promise<PluginSnapshot>;
  /** Has the daemon judge and install a file the user named; the file is never removed. @throws {DaemonRefusal | ClientError} */
  installFile(path: string, consent?: InstallConsent): Promise<InstallReport>;
  /** Which installed plugins this store has something newer for, by numeric comparison. */
  checkForUpdates(): Promise<UpdateCheck>;
  /** @returns what ends it */
  on(listener: (event: StoreClientEvent) => void): () => void;
  /** Events from the first read on; a slow reader gets the newest of each plugin. */
  events(signal: AbortSignal): AsyncGenerator<StoreClientEvent, void>;
}

/** @throws {ClientError} STORE_URL_INVALID | STORE_URL_INSECURE */
export function createStoreClient(options: StoreClientOptions): StoreClient {
  return new PluginManager(options);
}

class PluginManager implements StoreClient {
  readonly store: StoreApi;
  readonly traces: TraceBook;
  readonly #options: StoreClientOptions;
  readonly #network;
  readonly #feed = new SnapshotFeed();
  readonly #closing = new AbortController();
  readonly #mirror: DaemonMirror;
  readonly #plugins: StorePlugins;
  #catalog: StoreCatalog = { status: 'unknown' };

  constructor(options: StoreClientOptions) {
    const { language, cacheDir, daemon, clock = () => new Date() } = options;
    this.#options = options;
    this.#network = createNetwork({ ...options.network, language });
    this.store = createStoreApi(this.#network, options.storeUrl, options.platform);
    this.traces = new TraceBook({ clock });
    this.#mirror = new DaemonMirror(daemon, () => language);
    this.#plugins = new StorePlugins({
      store: this.store,
      network: this.#network,
      mirror: this.#mirror,
      traces: this.traces,
      cacheDir,
      language: () => language,
      listener: {
        changed: (plugin) => this.#feed.emit({ type: 'plugin', plugin }),
        gone: (id) => this.#feed.emit({ type: 'gone', id }),
      },
      onTrouble: (error) => this.#feed.emit({ type: 'trouble', error }),
    });
    this.#plugins.follow();
    this.#mirror.on((news) => {
      if (news.type === 'daemon' || news.type === 'trouble') this.#feed.emit(news);
    });
  }

  get catalog(): StoreCatalog {
    return this.#catalog;
  }

  get daemon(): DaemonState {
    return this.#mirror.state;
  }

  start(): Promise<DaemonState> {
    return this.#mirror.start();
  }

  async refresh(): Promise<StoreCatalog> {
    const { registry } = this.#plugins;
    try {
      const { plugins, skipped } = await this.store.listing(this.#plugins.request());
      this.#setCatalog(catalogOf(plugins, skipped, this.#options.platform));
      const offered = new Map(plugins.map((plugin) => [plugin.id, plugin.version]));
      for (const id of registry.ids()) if (!offered.has(id)) registry.noteOffer(id, undefined);
      for (const [id, version] of offered) this.#noteVersion(id, version);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#setCatalog({ status: 'unavailable', failure: pluginFailure(error) });
    }
    return this.#catalog;
  }

  details(id: string): Promise<StorePlugin> {
    return this.store.details(id, this.#plugins.request());
  }

  versions(id: string): Promise<StorePlugin[]> {
    return this.store.versions(id, this.#plugins.request());
  }

  plugins(): PluginSnapshot[] {
    return this.#plugins.registry.snapshots();
  }

  plugin(id: string): PluginSnapshot | undefined {
    return this.#plugins.registry.snapshot(id);
  }

  install(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    return this.#plugins.install(id, consent);
  }

  update(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    return this.#plugins.registry.ask(id, { type: 'update', consent });
  }

  retry(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    return this.#plugins.registry.ask(id, { type: 'retry', consent });
  }

  cancel(id: string): Promise<PluginSnapshot> {
    return this.#plugins.cancel(id);
  }

  dismiss(id: string): Promise<PluginSnapshot> {
    return this.#plugins.registry.ask(id, { type: 'dismiss' });
  }

  uninstall(id: string): Promise<PluginSnapshot> {
    return this.#plugins.uninstall(id);
  }

  async rollback(id: string): Promise<PluginSnapshot> {
    await this.#mirror.ensureRows();
    return await this.#plugins.registry.ask(id, { type: 'rollback' });
  }

  installFile(path: string, consent?: InstallConsent): Promise<InstallReport> {
    return this.#plugins.installFile(path, consent);
  }

  checkForUpdates(): Promise<UpdateCheck> {
    return checkForUpdates(this.store, this.#plugins.registry, this.#plugins.request());
  }

  on(listener: (event: StoreClientEvent) => void): () => void {
    return this.#feed.on(listener);
  }

  async *events(signal: AbortSignal): AsyncGenerator<StoreClientEvent, void> {
    using linked = linkSignals([signal, this.#closing.signal]);
    yield* this.#feed.read(linked.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
    this.#plugins.stop();
    // Downloads end first, as broken and not as canceled: what they received is used the next time.
    await this.#network[Symbol.asyncDispose]();
    this.#plugins[Symbol.dispose]();
    await this.#mirror[Symbol.asyncDispose]();
  }

  #noteVersion(id: string, version: string): void {
    const { registry } = this.#plugins;
    // The digest that an earlier question brought still belongs to this version.
    if (registry.offered(id)?.version !== version) registry.noteOffer(id, { version });
  }

  #setCatalog(catalog: StoreCatalog): void {
    this.#catalog = catalog;
    this.#feed.emit({ type: 'catalog', catalog });
  }
}
