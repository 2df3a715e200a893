import type { DaemonEvent, InstalledPlugin } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { DaemonApi, DaemonNews } from './daemon-api.js';
import { DaemonRefusal } from './daemon-refusal.js';

/** Whether the daemon answers. */
export type DaemonState =
  | { status: 'unknown' }
  | { status: 'connected' }
  | { status: 'lost'; error: ClientError };

export type MirrorNews =
  | { type: 'daemon'; daemon: DaemonState }
  /** The daemon's list, complete. */
  | { type: 'rows'; rows: readonly InstalledPlugin[] }
  /** Whoever keeps the list has taken it: what is made of it may be shown, in whatever order they listen. */
  | { type: 'rows-taken' }
  /** What the daemon tells; a list that follows from it comes after. */
  | { type: 'event'; event: DaemonEvent }
  /** The daemon answers, but not this. */
  | { type: 'trouble'; error: Error };

/** Events after which the daemon's list says something else. */
const changesRows: ReadonlySet<DaemonEvent['type']> = new Set([
  'installed',
  'uninstalled',
  'disabled',
  'healed',
  'unanswered',
  'load',
]);
const maxReads = 5;

/** What the daemon has installed, kept up to date by its events, for whoever listens. */
export class DaemonMirror implements AsyncDisposable {
  readonly daemon: DaemonApi;
  readonly #language: () => string | undefined;
  readonly #listeners = new Set<(news: MirrorNews) => void>();
  readonly #closing = new AbortController();
  #state: DaemonState = { status: 'unknown' };
  #rows: readonly InstalledPlugin[] | undefined;
  #following: Promise<void> | undefined;
  /** Counts what changed in the daemon, so that a list read before the change is not taken for the truth. */
  #changes = 0;
  /** Readings of the list in the order they were begun, and the youngest that was taken: an older one that ends later says nothing. */
  #begun = 0;
  #taken = 0;

  /** @param daemon stays its owner's to close @param language of the list's texts */
  constructor(daemon: DaemonApi, language: () => string | undefined) {
    this.daemon = daemon;
    this.#language = language;
  }

  get state(): DaemonState {
    return this.#state;
  }

  get rows(): readonly InstalledPlugin[] {
    return this.#rows ?? [];
  }

  /** @returns what ends it */
  on(listener: (news: MirrorNews) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Follows the daemon's events from now on; resolves when it first answered, or first did not. */
  start(): Promise<DaemonState> {
    return new Promise((resolve, reject) => {
      if (this.#following !== undefined) resolve(this.#state);
      else {
        this.#following = this.#follow(() => resolve(this.#state)).catch((error: unknown) => {
          this.#emit({ type: 'trouble', error: error instanceof Error ? error : new Error(String(error)) });
          reject(error);
        });
      }
    });
  }

  /** Reads the list where it is not known yet. @throws {ClientError | DaemonRefusal} */
  async ensureRows(): Promise<void> {
    if (this.#rows === undefined) await this.#readRows();
  }

  /** Reads the list again; what goes wrong is told, not thrown. */
  async refresh(): Promise<void> {
    try {
      await this.#readRows();
      this.#setState({ status: 'connected' });
    } catch (error) {
      if (error instanceof ClientError) this.#setState({ status: 'lost', error });
      else if (error instanceof DaemonRefusal) this.#emit({ type: 'trouble', error });
      else throw error;
    }
  }

  /** The daemon has changed, or may have. */
  noteChange(): void {
    this.#changes += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new ClientError('CLIENT_CLOSED', 'The client was closed'));
    this.#listeners.clear();
    await this.#following;
  }

  async #follow(answered: () => void): Promise<void> {
    for await (const news of this.daemon.events({ signal: this.#closing.signal })) {
      await this.#take(news);
      answered();
    }
    answered();
  }

  async #take(news: DaemonNews): Promise<void> {
    switch (news.type) {
      case 'lost':
        return this.#setState({ status: 'lost', error: news.error });
      case 'reset':
        return await this.refresh();
      case 'connected':
        if (news.resumed && this.#rows !== undefined) return this.#setState({ status: 'connected' });
        return await this.refresh();
      case 'event':
        if (changesRows.has(news.event.type)) this.noteChange();
        this.#emit({ type: 'event', event: news.event });
        if (changesRows.has(news.event.type)) await this.refresh();
    }
  }

  async #readRows(): Promise<void> {
    const { signal } = this.#closing;
    for (let again = true, tries = 1; again; tries += 1) {
      const before = this.#changes;
      this.#begun += 1;
      const reading = this.#begun;
      const rows = await this.daemon.list({ signal, language: this.#language() });
      again = before !== this.#changes && tries < maxReads;
      if (again || reading < this.#taken) continue;
      this.#taken = reading;
      this.#rows = rows;
      this.#emit({ type: 'rows', rows });
      this.#emit({ type: 'rows-taken' });
    }
  }

  #setState(daemon: DaemonState): void {
    const isSame = daemon.status === 'connected' && this.#state.status === 'connected';
    this.#state = daemon;
    if (!isSame) this.#emit({ type: 'daemon', daemon });
  }

  #emit(news: MirrorNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}
