import type { PluginSnapshot, UpdateEntry } from '@jami-plugin-store/contract';
import { ApplicationManager, type ApplicationOptions } from './application/application-manager.js';
import type { DaemonApi } from './daemon/daemon-api.js';
import { DaemonMirror } from './daemon/daemon-mirror.js';
import { createNetwork, type Network, type NetworkOptions } from './network/network.js';
import { systemTimer, type Timer } from './network/timer.js';
import { LocalPlugins } from './plugin/local-plugins.js';
import { ClientSettings } from './settings/client-settings.js';
import type { OpenStore } from './store/open-store.js';
import { StoreShelf } from './store/store-shelf.js';
import { TraceBook } from './traces/trace-book.js';
import { DailyRoutine } from './updates/daily-routine.js';
import type { Scheduler } from './updates/scheduler.js';
import { UpdateJournal } from './updates/update-journal.js';
import { VersionManager } from './updates/version-manager.js';

export interface ClientOptions {
  /** Jami's data folder; this client's own files are in `jpl/` in it. */
  dataDir: string;
  /** Folder for downloads, made private to the user. */
  cacheDir: string;
  /** Stays its owner's to close. */
  daemon: DaemonApi;
  platform: string;
  /** Language of texts where the user has chosen none: a tag, or an `Accept-Language` list. */
  language: string;
  network?: Omit<NetworkOptions, 'language' | 'timer' | 'random'> | undefined;
  clock: () => Date;
  timer?: Timer | undefined;
  /** In [0, 1). */
  random?: (() => number) | undefined;
  /** The application this client belongs to; without it nothing is asked about it. */
  application?: ApplicationOptions | undefined;
  /** False: what the stores offer is read only when it is asked for. */
  browses?: boolean | undefined;
  /** When the daily look for updates is made; without it none is made by itself. */
  schedule?: Scheduler | undefined;
  /** Hears of what goes wrong beside all that is asked. */
  onTrouble?: ((error: Error) => void) | undefined;
}

export type ClientNews =
  /** A plugin of a store, or (store undefined) one that no store stands behind; without snapshot: it is gone. */
  | { type: 'plugin'; store: OpenStore | undefined; id: string; snapshot: PluginSnapshot | undefined }
  | { type: 'store'; store: OpenStore }
  /** Stores were added or removed. */
  | { type: 'stores' }
  | { type: 'settings' }
  /** A look for updates began or ended, or found or did something. */
  | { type: 'updates'; entry: UpdateEntry | undefined }
  | { type: 'application' };

/**
 * Everything a user's client is, without a screen: the daemon it talks to, the configured stores, what is installed, what was
 * decided and what was recorded. It owns and closes all of them but the daemon's connection.
 */
export class Client implements AsyncDisposable {
  readonly options: ClientOptions;
  readonly network: Network;
  readonly mirror: DaemonMirror;
  readonly stores: StoreShelf;
  readonly local: LocalPlugins;
  readonly settings: ClientSettings;
  readonly traces: TraceBook;
  readonly updates: VersionManager;
  readonly timer: Timer;
  readonly #journal: UpdateJournal;
  readonly application: ApplicationManager | undefined;
  readonly #routines: DailyRoutine[] = [];
  readonly #listeners = new Set<(news: ClientNews) => void>();
  readonly #closing = new AbortController();

  /** Use {@link openClient}. */
  constructor(options: ClientOptions, settings: ClientSettings) {
    const { dataDir, cacheDir, daemon, platform, clock, timer = systemTimer, random = Math.random } = options;
    this.options = options;
    this.settings = settings;
    this.timer = timer;
    this.network = createNetwork({ ...options.network, timer, random });
    this.traces = new TraceBook({ clock });
    this.mirror = new DaemonMirror(daemon, () => this.language);
    const onTrouble = (error: Error): void => options.onTrouble?.(error);
    this.stores = new StoreShelf(dataDir, {
      network: this.network,
      mirror: this.mirror,
      traces: this.traces,
      cacheDir,
      platform,
      clock,
      timer,
      random,
      language: () => this.language,
      onPlugin: (store, id, snapshot) => this.#emit({ type: 'plugin', store, id, snapshot }),
      onStanding: (store) => this.#emit({ type: 'store', store }),
      onTrouble,
    });
    this.local = new LocalPlugins({
      mirror: this.mirror,
      hasStore: (row) => this.stores.homeOf(row) !== undefined,
      listener: {
        changed: (snapshot) => this.#emit({ type: 'plugin', store: undefined, id: snapshot.id, snapshot }),
        gone: (id) => this.#emit({ type: 'plugin', store: undefined, id, snapshot: undefined }),
      },
    });
    this.#journal = new UpdateJournal(dataDir);
    this.updates = new VersionManager({
      stores: this.stores,
      mirror: this.mirror,
      settings,
      journal: this.#journal,
      clock,
      random,
      reload: () => this.reload(),
      onChange: (entry) => this.#emit({ type: 'updates', entry }),
    });
    const { application, schedule } = options;
    this.application =
      application &&
      new ApplicationManager(application, {
        network: this.network,
        dataDir,
        cacheDir,
        platform,
        clock,
        random,
        onChange: () => this.#emit({ type: 'application' }),
      });
    if (schedule !== undefined) this.#openRoutines(schedule, random);
    this.mirror.on((news) => {
      if (news.type === 'trouble') onTrouble(news.error);
      if (news.type === 'event' && news.event.type === 'trace')
        this.traces.noteDaemon(news.event.trace, news.event.message);
    });
  }

  /** Of texts: what the user chose, else the system's. */
  get language(): string {
    return this.settings.language ?? this.options.language;
  }

  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** @returns what ends it */
  on(listener: (news: ClientNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Follows the daemon, and asks each store how it stands. Resolves when the daemon first answered, or first did not. */
  async start(): Promise<void> {
    const followed = this.mirror.start();
    await this.reload();
    await followed;
    for (const routine of this.#routines) this.#inBackground(routine.start());
  }

  /**
   * Takes up what other programs changed: the list of stores, and what the user decided.
   * @throws {ClientError} STORES_FILE_* | CLIENT_FILE_*
   */
  async reload(): Promise<void> {
    if (await this.stores.reload()) {
      this.local.refresh();
      for (const { catalogue } of this.options.browses === false ? [] : this.stores.all())
        if (catalogue.standing.status === 'unknown') this.#inBackground(catalogue.ask());
      this.#emit({ type: 'stores' });
    }
    await this.#journal.reload();
    if (await this.settings.reload()) this.#emit({ type: 'settings' });
  }

  /** @throws {ClientError} CLIENT_FILE_* */
  async changeSettings(change: {
    language?: string | undefined;
    autoUpdate?: boolean | undefined;
  }): Promise<void> {
    const before = this.language;
    await this.settings.change(change);
    this.#emit({ type: 'settings' });
    if (before === this.language) return;
    for (const store of this.stores.all()) store.catalogue.forget();
    await this.mirror.refresh();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#listeners.clear();
    this.stores.stop();
    this.local.stop();
    // Downloads end first, as broken and not as canceled: what they received is used the next time.
    await this.network[Symbol.asyncDispose]();
    for (const routine of this.#routines) await routine[Symbol.asyncDispose]();
    await this.application?.[Symbol.asyncDispose]();
    this.stores[Symbol.dispose]();
    this.local[Symbol.dispose]();
    await this.mirror[Symbol.asyncDispose]();
  }

  #openRoutines(schedule: Scheduler, random: () => number): void {
    const means = {
      schedule,
      connectivity: this.network.connectivity,
      clock: this.options.clock,
      random,
      onTrouble: (error: unknown) => this.#tellTrouble(error),
    };
    const { application } = this;
    const reload = (): Promise<void> => this.#journal.reload();
    this.#routines.push(new DailyRoutine({ ...means, manager: this.updates, reload }));
    if (application === undefined) return;
    this.#routines.push(
      new DailyRoutine({ ...means, manager: application, reload: () => application.reload() }),
    );
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#tellTrouble(error));
  }

  #tellTrouble(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
  }

  #emit(news: ClientNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}

/**
 * Opens a client over a data folder. Nothing is asked of anybody before `start`.
 * @throws {ClientError} CLIENT_FILE_NOT_READABLE | CLIENT_FILE_INVALID
 */
export async function openClient(options: ClientOptions): Promise<Client> {
  const settings = new ClientSettings(options.dataDir);
  await settings.reload();
  return new Client(options, settings);
}
