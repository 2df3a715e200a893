import {
  type ApplicationAction,
  type ApplicationView,
  noStore,
  type PageAction,
  type PageActionRequest,
  type PageCatalog,
  type PageCatalogQuery,
  type PageEvent,
  type PageSettingsChange,
  type PageState,
  type PluginPage,
  type PluginView,
  type Shell,
  statesUnderWay,
  type UpdatePolicyChange,
} from '@jami-plugin-store/contract';
import type { Client, ClientNews } from '../client.js';
import type { MirrorNews } from '../daemon/daemon-mirror.js';
import { ClientError } from '../error.js';
import { performAction } from './page-action.js';
import { pluginPage } from './plugin-page.js';
import { type PluginPlace, pluginView, storeNameOf } from './plugin-view.js';
import { type DaemonFacts, shellView } from './shell-view.js';

/** What the user's page shows and asks, out of the client; tells every change as a page takes it. */
export class PageModel implements Disposable {
  readonly client: Client;
  readonly #listeners = new Set<(event: PageEvent) => void>();
  readonly #releases: (() => void)[];
  #facts: DaemonFacts = { pluginsEnabled: true, accounts: [] };
  #lastActivity: number | undefined;
  #toldShell = '';

  constructor(client: Client) {
    this.client = client;
    this.#releases = [
      client.on((news) => this.#takeClient(news)),
      client.mirror.on((news) => this.#takeMirror(news)),
      client.network.connectivity.on(() => this.#tellShell()),
      client.traces.on((trace, message) =>
        this.#emit({ type: 'trace', trace, ...(message === undefined ? {} : { message }) }),
      ),
    ];
  }

  shell(): Shell {
    return shellView(this.client, this.#facts);
  }

  /** What is installed, and what is under way or failed. */
  state(): PageState {
    const { stores, local } = this.client;
    const places: PluginPlace[] = local.registry.ids().map((id) => ({ store: undefined, id }));
    for (const store of stores.all()) {
      for (const { id, state } of store.plugins.registry.snapshots()) {
        const row = store.plugins.registry.row(id);
        const isHome = row !== undefined && stores.homeOf(row) === store;
        if (isHome || statesUnderWay.has(state)) places.push({ store, id });
      }
    }
    return { shell: this.shell(), plugins: places.map((place) => this.view(place)) };
  }

  view(place: PluginPlace): PluginView {
    return pluginView(this.client, place);
  }

  /** @throws {ClientError} STORE_NOT_CONFIGURED */
  place(store: string, id: string): PluginPlace {
    return { store: store === noStore ? undefined : this.client.stores.get(store), id };
  }

  page(place: PluginPlace, signal: AbortSignal): Promise<PluginPage> {
    return pluginPage(this.client, place, signal);
  }

  /** @throws {ClientError} STORE_NOT_CONFIGURED, or a network code */
  async catalog({ store: name, ...query }: PageCatalogQuery): Promise<PageCatalog> {
    const store = this.client.stores.get(name);
    const { items, next, total } = await store.catalogue.search(query);
    return {
      plugins: items.map(({ id }) => this.view({ store, id })),
      ...(next === undefined ? {} : { next }),
      ...(total === undefined ? {} : { total }),
      categories: store.catalogue.standing.categories,
    };
  }

  /** @throws {ClientError | DaemonRefusal} */
  async act(place: PluginPlace, action: PageAction, request: PageActionRequest): Promise<PluginView> {
    await performAction(this.client, place, action, request);
    return this.view(place);
  }

  /** @throws {ClientError} PLUGIN_UNKNOWN | CLIENT_FILE_* */
  async changePolicy(place: PluginPlace, change: UpdatePolicyChange): Promise<PluginView> {
    if (this.client.mirror.rows.every(({ id }) => id !== place.id))
      throw new ClientError('PLUGIN_UNKNOWN', `${place.id} is not installed`);
    await this.client.settings.changePolicy(place.id, change);
    const view = this.view(place);
    this.#emit({ type: 'plugin', plugin: view });
    return view;
  }

  /** @throws {ClientError | DaemonRefusal} */
  async changeSettings({ pluginsEnabled, ...own }: PageSettingsChange): Promise<Shell> {
    if (pluginsEnabled !== undefined) {
      const settings = await this.client.mirror.daemon.changeSettings({ pluginsEnabled });
      this.#facts = { ...this.#facts, pluginsEnabled: settings.pluginsEnabled };
    }
    if (own.language !== undefined || own.autoUpdate !== undefined) await this.client.changeSettings(own);
    this.#tellShell();
    return this.shell();
  }

  /** Looks for updates, and asks each store again how it stands; the answer does not wait for what is found. */
  check(): Shell {
    this.#inBackground(this.client.updates.check());
    for (const { catalogue } of this.client.stores.all()) this.#inBackground(catalogue.ask());
    return this.shell();
  }

  /** @throws {ClientError} ACTION_NOT_POSSIBLE | INSTALLER_CHANGED | INSTALLER_NOT_STARTED */
  async actOnApplication(action: ApplicationAction): Promise<ApplicationView> {
    const { application } = this.client;
    if (application === undefined)
      throw new ClientError('ACTION_NOT_POSSIBLE', 'This client belongs to no application');
    await application[action]();
    return this.shell().application;
  }

  /** How far a file that was handed in is judged. */
  notePackage(event: Extract<PageEvent, { type: 'package' }>): void {
    this.#emit(event);
  }

  /** @returns what ends it */
  on(listener: (event: PageEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes up what others may have changed without telling: the list of stores, what the user decided, Jami's accounts. */
  async reload(): Promise<void> {
    await this.client.reload();
    if (this.client.mirror.state.status === 'connected') this.#inBackground(this.#refreshFacts());
  }

  /** Reads what the daemon says of itself. */
  async #refreshFacts(): Promise<void> {
    const { daemon } = this.client.mirror;
    const { signal } = this.client;
    const [{ pluginsEnabled }, { accounts }, activity] = await Promise.all([
      daemon.settings({ signal }),
      daemon.accounts({ signal }),
      daemon.activity({ limit: 1, signal }),
    ]);
    this.#facts = { pluginsEnabled, accounts };
    this.#lastActivity ??= activity.entries.at(-1)?.number ?? 0;
    this.#tellShell();
  }

  [Symbol.dispose](): void {
    for (const release of this.#releases) release();
    this.#listeners.clear();
  }

  #takeClient(news: ClientNews): void {
    if (news.type !== 'plugin') this.#tellShell();
    if (news.type === 'updates' && news.entry !== undefined)
      this.#emit({ type: 'update', entry: news.entry });
    // What was found stands in the plugins' rows.
    if (news.type === 'updates' && !this.client.updates.isChecking) this.#tellRows();
    if (news.type === 'store' && news.store.catalogue.standing.status === 'offered')
      this.#emit({ type: 'catalog', store: news.store.name });
    if (news.type !== 'plugin') return;
    const { store, id, snapshot } = news;
    const isOffered = store?.catalogue.item(id) !== undefined;
    if (snapshot !== undefined || isOffered) this.#emit({ type: 'plugin', plugin: this.view({ store, id }) });
    else this.#emit({ type: 'gone', store: storeNameOf({ store }), id });
  }

  #takeMirror(news: MirrorNews): void {
    if (news.type === 'daemon') {
      this.#tellShell();
      if (news.daemon.status === 'connected') this.#inBackground(this.#refreshFacts());
    }
    if (news.type === 'rows-taken') this.#tellRows();
    if (news.type !== 'event') return;
    const { event } = news;
    if (event.type === 'settings') {
      this.#facts = { ...this.#facts, pluginsEnabled: event.settings.pluginsEnabled };
      this.#tellShell();
    }
    // The first value of an account makes its folder.
    if (event.type === 'preferences') this.#inBackground(this.#refreshFacts());
    const isLogged = ['installed', 'refused', 'uninstalled', 'disabled', 'healed', 'unanswered'];
    if (isLogged.includes(event.type)) this.#inBackground(this.#tellActivity());
  }

  /** Rows say more than the machines take notice of, such as whether a library is loaded. */
  #tellRows(): void {
    for (const row of this.client.mirror.rows) {
      const place = { store: this.client.stores.homeOf(row), id: row.id };
      this.#emit({ type: 'plugin', plugin: this.view(place) });
    }
  }

  async #tellActivity(): Promise<void> {
    const after = this.#lastActivity;
    if (after === undefined) return;
    const { entries } = await this.client.mirror.daemon.activity({ after, signal: this.client.signal });
    for (const entry of entries) {
      if (entry.number <= (this.#lastActivity ?? 0)) continue;
      this.#lastActivity = entry.number;
      this.#emit({ type: 'activity', entry });
    }
  }

  #tellShell(): void {
    const shell = this.shell();
    const text = JSON.stringify(shell);
    if (text === this.#toldShell) return;
    this.#toldShell = text;
    this.#emit({ type: 'shell', shell });
  }

  /** What the daemon does not tell now, it tells when it is back. */
  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.client.signal.aborted) return;
      this.client.options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
    });
  }

  #emit(event: PageEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
