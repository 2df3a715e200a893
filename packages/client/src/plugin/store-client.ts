import { resolve } from 'node:path';
import type { InstallReport, PluginSnapshot, StorePlugin } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import type { DaemonApi, DaemonNews } from '../daemon/daemon-api.js';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import { createNetwork, type NetworkOptions } from '../network/network.js';
import { linkSignals } from '../network/timer.js';
import type { SkippedEntry, StoreCatalog } from '../store/catalog.js';
import { assertId, createStoreApi, type StoreApi, type StoreRequest } from '../store/store-api.js';
import { pluginFailure } from './plugin-failure.js';
import type { InstallConsent } from './plugin-machine.js';
import { PluginRegistry } from './plugin-registry.js';
import { type DaemonState, SnapshotFeed, type StoreClientEvent } from './snapshot-feed.js';
import { consentOf, StoreWork } from './store-work.js';
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
}

/**
 * The plugin manager for one store: what it offers, what is installed, and the machine of every plugin. The daemon handed in
 * stays its owner's to close.
 */
export interface StoreClient extends AsyncDisposable {
  readonly store: StoreApi;
  readonly catalog: StoreCatalog;
  readonly daemon: DaemonState;
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
   * @throws {ClientError} PLUGIN_ID_INVALID | PLUGIN_OF_OTHER_STORE | SAME_VERSION | NEWER_INSTALLED | ACTION_NOT_POSSIBLE |
   *   DAEMON_UNAVAILABLE | DAEMON_ANSWER_INVALID, or a network code where the store cannot tell what it offers
   */
  install(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  update(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  retry(id: string, consent?: InstallConsent): Promise<PluginSnapshot>;
  cancel(id: string): Promise<PluginSnapshot>;
  dismiss(id: string): Promise<PluginSnapshot>;
  uninstall(id: string): Promise<PluginSnapshot>;
  /** Has the daemon judge and install a file the user named; the file is never removed. @throws {DaemonRefusal | ClientError} */
  installFile(path: string, consent?: InstallConsent): Promise<InstallReport>;
  /** Which installed plugins this store has something newer for, by numeric comparison. */
  checkForUpdates(): Promise<UpdateCheck>;
  /** @returns what ends it */
  on(listener: (event: StoreClientEvent) => void): () => void;
  /** Events from the first read on; a slow reader gets the newest of each plugin. */
  events(signal: AbortSignal): AsyncGenerator<StoreClientEvent, void>;
}

const maxReads = 5;

/** @throws {ClientError} STORE_URL_INVALID | STORE_URL_INSECURE */
export function createStoreClient(options: StoreClientOptions): StoreClient {
  return new PluginManager(options);
}

class PluginManager implements StoreClient {
  readonly store: StoreApi;
  readonly #options: StoreClientOptions;
  readonly #network;
  readonly #feed = new SnapshotFeed();
  readonly #registry: PluginRegistry;
  readonly #closing = new AbortController();
  readonly #work: StoreWork;
  #catalog: StoreCatalog = { status: 'unknown' };
  #daemon: DaemonState = { status: 'unknown' };
  #following: Promise<void> | undefined;
  /** Counts what changed in the daemon, so that a list read before the change is not taken for the truth. */
  #changes = 0;
  #hasRows = false;

  constructor(options: StoreClientOptions) {
    this.#options = options;
    this.#network = createNetwork({ ...options.network, language: options.language });
    this.store = createStoreApi(this.#network, options.storeUrl, options.platform);
    this.#work = new StoreWork({
      store: this.store,
      network: this.#network,
      daemon: options.daemon,
      cacheDir: options.cacheDir,
      closing: this.#closing.signal,
      onChange: () => {
        this.#changes += 1;
      },
      onTrouble: (error) => this.#feed.emit({ type: 'trouble', error }),
    });
    this.#registry = new PluginRegistry(this.#work, this.#feed, this.store.url.href);
  }

  get catalog(): StoreCatalog {
    return this.#catalog;
  }

  get daemon(): DaemonState {
    return this.#daemon;
  }

  start(): Promise<DaemonState> {
    return new Promise((resolve, reject) => {
      if (this.#following !== undefined) resolve(this.#daemon);
      else {
        this.#following = this.#follow(() => resolve(this.#daemon)).catch((error: unknown) => {
          this.#feed.emit({
            type: 'trouble',
            error: error instanceof Error ? error : new Error(String(error)),
          });
          reject(error);
        });
      }
    });
  }

  async refresh(): Promise<StoreCatalog> {
    try {
      const { plugins, skipped } = await this.store.listing(this.#request());
      this.#setCatalog(catalogOf(plugins, skipped, this.#options.platform));
      const offered = new Map(plugins.map((plugin) => [plugin.id, plugin.version]));
      for (const id of this.#registry.ids()) if (!offered.has(id)) this.#registry.noteOffer(id, undefined);
      for (const [id, version] of offered) this.#noteVersion(id, version);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#setCatalog({ status: 'unavailable', failure: pluginFailure(error) });
    }
    return this.#catalog;
  }

  details(id: string): Promise<StorePlugin> {
    return this.store.details(id, this.#request());
  }

  versions(id: string): Promise<StorePlugin[]> {
    return this.store.versions(id, this.#request());
  }

  plugins(): PluginSnapshot[] {
    return this.#registry.snapshots();
  }

  plugin(id: string): PluginSnapshot | undefined {
    return this.#registry.snapshot(id);
  }

  async install(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    assertId(id);
    if (!this.#hasRows) await this.#readRows(this.#closing.signal);
    if (!this.#registry.isOfThisStore(id)) throw this.#otherStore(id);
    if (this.#registry.offered(id) === undefined || this.#registry.snapshot(id)?.state === 'installed') {
      const { release } = await this.store.offer(id, this.#request());
      this.#registry.noteOffer(id, release);
    }
    const snapshot = this.#registry.snapshot(id);
    if (snapshot?.state === 'installed' && consent?.force !== true) throw alreadyInstalled(snapshot);
    const type = snapshot?.actions.includes('update') === true ? 'update' : 'install';
    return this.#registry.ask(id, { type, consent });
  }

  update(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    return this.#registry.ask(id, { type: 'update', consent });
  }

  retry(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    return this.#registry.ask(id, { type: 'retry', consent });
  }

  async cancel(id: string): Promise<PluginSnapshot> {
    const ended = this.#work.downloadEnded(id);
    const snapshot = await this.#registry.ask(id, { type: 'cancel' });
    await ended;
    return snapshot;
  }

  dismiss(id: string): Promise<PluginSnapshot> {
    return this.#registry.ask(id, { type: 'dismiss' });
  }

  async uninstall(id: string): Promise<PluginSnapshot> {
    if (!this.#hasRows) await this.#readRows(this.#closing.signal);
    return this.#registry.ask(id, { type: 'uninstall' });
  }

  async installFile(path: string, consent: InstallConsent = {}): Promise<InstallReport> {
    const report = await this.#options.daemon.install(
      { path: resolve(path), ...consentOf(consent) },
      { signal: this.#closing.signal },
    );
    this.#changes += 1;
    this.#registry.noteInstalled(report.id, report.version);
    return report;
  }

  checkForUpdates(): Promise<UpdateCheck> {
    return checkForUpdates(this.store, this.#registry, this.#request());
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
    this.#registry.close();
    // Downloads end first, as broken and not as canceled: what they received is used the next time.
    await this.#network[Symbol.asyncDispose]();
    this.#registry[Symbol.dispose]();
    await this.#following;
  }

  async #follow(answered: () => void): Promise<void> {
    for await (const news of this.#options.daemon.events({ signal: this.#closing.signal })) {
      await this.#take(news);
      answered();
    }
    answered();
  }

  async #take(news: DaemonNews): Promise<void> {
    if (news.type === 'lost') this.#setDaemon({ status: 'lost', error: news.error });
    if (news.type === 'connected') {
      if (!news.resumed || !this.#hasRows) await this.#readRowsOrLose();
      else this.#setDaemon({ status: 'connected' });
    }
    if (news.type === 'reset') await this.#readRowsOrLose();
    if (news.type !== 'event') return;
    const { event } = news;
    if (event.type === 'verifying') {
      this.#work.noteVerifying(event.job, event.done, event.of);
    }
    if (event.type === 'installed' || event.type === 'uninstalled') {
      this.#changes += 1;
      if (event.type === 'installed') this.#registry.noteInstalled(event.plugin, event.version);
      else this.#registry.noteRemoved(event.plugin);
      // The row says which store it came from; the event does not.
      if (event.type === 'installed') await this.#readRowsOrLose();
    }
  }

  async #readRowsOrLose(): Promise<void> {
    try {
      await this.#readRows(this.#closing.signal);
      this.#setDaemon({ status: 'connected' });
    } catch (error) {
      if (error instanceof ClientError) this.#setDaemon({ status: 'lost', error });
      else if (error instanceof DaemonRefusal) this.#feed.emit({ type: 'trouble', error });
      else throw error;
    }
  }

  async #readRows(signal: AbortSignal): Promise<void> {
    for (let again = true, tries = 1; again; tries += 1) {
      const before = this.#changes;
      const rows = await this.#options.daemon.list({ signal, language: this.#options.language });
      again = before !== this.#changes && tries < maxReads;
      if (!again) this.#registry.noteRows(rows);
    }
    this.#hasRows = true;
  }

  #noteVersion(id: string, version: string): void {
    // The digest that an earlier question brought still belongs to this version.
    if (this.#registry.offered(id)?.version !== version) this.#registry.noteOffer(id, { version });
  }

  #setCatalog(catalog: StoreCatalog): void {
    this.#catalog = catalog;
    this.#feed.emit({ type: 'catalog', catalog });
  }

  #setDaemon(daemon: DaemonState): void {
    this.#daemon = daemon;
    this.#feed.emit({ type: 'daemon', daemon });
  }

  #request(): StoreRequest {
    return { language: this.#options.language, signal: this.#closing.signal };
  }

  #otherStore(id: string): ClientError {
    const origin = this.#registry.row(id)?.store ?? '';
    return new ClientError(
      'PLUGIN_OF_OTHER_STORE',
      `${id} was installed from ${origin}; another store's plugin of that name is another plugin: uninstall it first`,
    );
  }
}

function catalogOf(plugins: StorePlugin[], skipped: SkippedEntry[], platform: string): StoreCatalog {
  if (plugins.length > 0) return { status: 'offered', plugins, skipped };
  const [first] = skipped;
  if (first === undefined) return { status: 'none-for-platform', platform };
  throw new ClientError('ANSWER_MALFORMED', `Nothing the store lists can be used: it sent ${first.reason}`);
}

function alreadyInstalled({ id, offered, installed }: PluginSnapshot): ClientError {
  const have = installed?.version ?? '';
  const offer = offered?.version ?? '';
  const isNewer = isVersion(have) && isVersion(offer) && compareVersions(have, offer) > 0;
  return isNewer
    ? new ClientError(
        'NEWER_INSTALLED',
        `${id} ${have} is installed; the store offers ${offer}, which is older`,
      )
    : new ClientError('SAME_VERSION', `${id} ${have} is installed already`);
}
