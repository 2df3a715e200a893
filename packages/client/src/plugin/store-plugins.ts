import { resolve } from 'node:path';
import type { InstallReport, PluginSnapshot } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import type { DaemonMirror, MirrorNews } from '../daemon/daemon-mirror.js';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import { assertId, type StoreApi, type StoreRequest } from '../store/store-api.js';
import type { TraceBook } from '../traces/trace-book.js';
import { PluginRegistry, type RegistryListener } from './plugin-registry.js';
import type { InstallConsent } from './plugin-work.js';
import { consentOf, StoreWork } from './store-work.js';

export interface StorePluginsMeans {
  store: StoreApi;
  network: Network;
  mirror: DaemonMirror;
  traces: TraceBook;
  cacheDir: string;
  language: () => string | undefined;
  listener: RegistryListener;
  onTrouble(error: Error): void;
}

/** The plugins of one store on this machine: the machine of each, fed by the daemon's news, and what a user asks of them. */
export class StorePlugins implements Disposable {
  readonly store: StoreApi;
  readonly registry: PluginRegistry;
  readonly #means: StorePluginsMeans;
  readonly #closing = new AbortController();
  readonly #work: StoreWork;
  #unsubscribe: (() => void) | undefined;

  constructor(means: StorePluginsMeans) {
    const { store, network, mirror, traces, cacheDir, language } = means;
    this.#means = means;
    this.store = store;
    this.#work = new StoreWork({
      store,
      network,
      daemon: mirror.daemon,
      cacheDir,
      traces,
      language,
      closing: this.#closing.signal,
      onChange: () => mirror.noteChange(),
      onTrouble: means.onTrouble,
    });
    this.registry = new PluginRegistry(
      this.#work,
      means.listener,
      (row) => row.store === undefined || row.store === store.url.href,
    );
  }

  /** Takes the daemon's list, and follows its news from now on. */
  follow(): void {
    const { mirror } = this.#means;
    this.registry.noteRows(mirror.rows);
    this.#unsubscribe = mirror.on((news) => this.#take(news));
  }

  /**
   * Begins to install or update and tells where the plugin stands then.
   * @throws {ClientError} PLUGIN_ID_INVALID | PLUGIN_OF_OTHER_STORE | SAME_VERSION | NEWER_INSTALLED | ACTION_NOT_POSSIBLE |
   *   DAEMON_UNAVAILABLE | DAEMON_ANSWER_INVALID, or a network code where the store cannot tell what it offers
   */
  async beginInstall(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    assertId(id);
    await this.#means.mirror.ensureRows();
    if (!this.registry.isOfThisStore(id)) throw this.#otherStore(id);
    if (this.registry.offered(id) === undefined || this.registry.snapshot(id)?.state === 'installed') {
      const { release } = await this.store.offer(id, this.request());
      this.registry.noteOffer(id, release);
    }
    const snapshot = this.registry.snapshot(id);
    const insists = consent?.force === true || consent?.version !== undefined;
    if (snapshot?.state === 'installed' && !insists) throw alreadyInstalled(snapshot);
    const type = snapshot?.actions.includes('update') === true ? 'update' : 'install';
    return this.registry.tell(id, { type, consent });
  }

  /** As `beginInstall`, and waits for where the plugin comes to rest. */
  async install(id: string, consent?: InstallConsent): Promise<PluginSnapshot> {
    await this.beginInstall(id, consent);
    return await this.registry.rested(id);
  }

  /** Ends when nothing of the download is left. */
  async cancel(id: string): Promise<PluginSnapshot> {
    const ended = this.#work.downloadEnded(id);
    const snapshot = await this.registry.ask(id, { type: 'cancel' });
    await ended;
    return snapshot;
  }

  async uninstall(id: string): Promise<PluginSnapshot> {
    await this.#means.mirror.ensureRows();
    return await this.registry.ask(id, { type: 'uninstall' });
  }

  /** @throws {DaemonRefusal | ClientError} */
  async installFile(path: string, consent: InstallConsent = {}): Promise<InstallReport> {
    const { mirror } = this.#means;
    const report = await mirror.daemon.install(
      { path: resolve(path), ...consentOf(consent) },
      { signal: this.#closing.signal },
    );
    mirror.noteChange();
    this.registry.noteInstalled(report.id, report.version);
    return report;
  }

  request(): StoreRequest {
    return { language: this.#means.language(), signal: this.#closing.signal };
  }

  /** Nothing is told or asked any more; what the daemon has been given it finishes. */
  stop(): void {
    this.#closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
    this.#unsubscribe?.();
    this.registry.close();
  }

  [Symbol.dispose](): void {
    this.stop();
    this.registry[Symbol.dispose]();
  }

  #take(news: MirrorNews): void {
    if (news.type === 'rows') this.registry.noteRows(news.rows);
    if (news.type !== 'event') return;
    const { event } = news;
    if (event.type === 'verifying') this.#work.noteVerifying(event.job, event.done, event.of);
    else noteEvent(this.registry, event);
  }

  #otherStore(id: string): ClientError {
    const origin = this.registry.row(id)?.store ?? '';
    return new ClientError(
      'PLUGIN_OF_OTHER_STORE',
      `${id} was installed from ${origin}; another store's plugin of that name is another plugin: uninstall it first`,
    );
  }
}

/** What one of the daemon's events says of a plugin, told to its machine. */
export function noteEvent(
  registry: PluginRegistry,
  event: Extract<MirrorNews, { type: 'event' }>['event'],
): void {
  if (event.type === 'installed') registry.noteInstalled(event.plugin, event.version);
  else if (event.type === 'uninstalled') registry.noteRemoved(event.plugin);
  else if (event.type === 'disabled') registry.noteDisabled(event.plugin, event.disabled);
  else if (event.type === 'healed') registry.noteHealed(event.plugin);
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
