import type { InstalledPlugin, OfferedRelease, PluginSnapshot } from '@jami-plugin-store/contract';
import { type Actor, createActor, waitFor } from 'xstate';
import { ClientError } from '../error.js';
import {
  type PluginEvent,
  type PluginWork,
  type pluginMachine,
  providePluginWork,
  toPluginSnapshot,
} from './plugin-machine.js';
import type { SnapshotFeed } from './snapshot-feed.js';

interface Entry {
  actor: Actor<typeof pluginMachine>;
  /** The daemon's row, where it is installed. */
  row: InstalledPlugin | undefined;
  offered: OfferedRelease | undefined;
}

/** The machines of all plugins that are offered or installed, by id. */
export class PluginRegistry implements Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #machine: typeof pluginMachine;
  readonly #feed: SnapshotFeed;
  readonly #storeUrl: string;
  #isClosed = false;

  constructor(work: PluginWork, feed: SnapshotFeed, storeUrl: string) {
    this.#machine = providePluginWork(work);
    this.#feed = feed;
    this.#storeUrl = storeUrl;
  }

  ids(): string[] {
    return [...this.#entries.keys()];
  }

  snapshots(): PluginSnapshot[] {
    return [...this.#entries.values()].map(({ actor }) => toPluginSnapshot(actor.getSnapshot()));
  }

  snapshot(id: string): PluginSnapshot | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : toPluginSnapshot(entry.actor.getSnapshot());
  }

  row(id: string): InstalledPlugin | undefined {
    return this.#entries.get(id)?.row;
  }

  offered(id: string): OfferedRelease | undefined {
    return this.#entries.get(id)?.offered;
  }

  rows(): InstalledPlugin[] {
    return [...this.#entries.values()].flatMap(({ row }) => (row === undefined ? [] : [row]));
  }

  /** The store offers this release now; undefined: none. */
  noteOffer(id: string, release: OfferedRelease | undefined): void {
    if (release === undefined && !this.#entries.has(id)) return;
    const entry = this.#entry(id);
    entry.offered = release;
    this.#tellOffer(entry);
  }

  /** The daemon's list, complete: what is not in it is not installed. */
  noteRows(rows: readonly InstalledPlugin[]): void {
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const [id, entry] of this.#entries) {
      if (entry.row !== undefined && !byId.has(id)) this.noteRemoved(id);
    }
    for (const row of rows) {
      const entry = this.#entry(row.id);
      entry.row = row;
      const version = row.version ?? '';
      if (entry.actor.getSnapshot().context.installed?.version !== version) {
        entry.actor.send({ type: 'daemon.installed', version });
      }
      this.#tellOffer(entry);
    }
  }

  noteInstalled(id: string, version: string): void {
    this.#entry(id).actor.send({ type: 'daemon.installed', version });
  }

  noteRemoved(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.row = undefined;
    entry.actor.send({ type: 'daemon.removed' });
    this.#tellOffer(entry);
  }

  /** True when the store this client is for may replace what is installed (docs/trust.md, "What an update may be"). */
  isOfThisStore(id: string): boolean {
    const entry = this.#entries.get(id);
    const isInstalled = entry?.actor.getSnapshot().context.installed !== undefined;
    const origin = isInstalled ? entry?.row?.store : undefined;
    return origin === undefined || origin === this.#storeUrl;
  }

  /**
   * Asks a plugin's machine, and waits for where it comes to rest.
   * @throws {ClientError} PLUGIN_UNKNOWN | ACTION_NOT_POSSIBLE | CLIENT_CLOSED
   */
  async ask(id: string, event: PluginEvent): Promise<PluginSnapshot> {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new ClientError('PLUGIN_UNKNOWN', `${id} is neither offered nor installed`);
    const before = entry.actor.getSnapshot();
    if (!before.can(event)) {
      throw new ClientError(
        'ACTION_NOT_POSSIBLE',
        `${id} is ${String(before.value)}: ${event.type} is not possible now`,
      );
    }
    entry.actor.send(event);
    const rested = waitFor(entry.actor, (snapshot) => !snapshot.hasTag('busy'), {
      timeout: Number.POSITIVE_INFINITY,
    });
    return toPluginSnapshot(await this.#orClosed(rested));
  }

  /** Tells nobody anything any more. */
  close(): void {
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { actor } of this.#entries.values()) actor.stop();
    this.#entries.clear();
  }

  async #orClosed<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (cause) {
      if (!this.#isClosed) throw cause;
      throw new ClientError('CLIENT_CLOSED', 'The client was closed', { cause });
    }
  }

  #entry(id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const actor = createActor(this.#machine, { input: { id } });
    const entry: Entry = { actor, row: undefined, offered: undefined };
    this.#entries.set(id, entry);
    actor.start();
    actor.subscribe((snapshot) => {
      if (this.#isClosed) return;
      this.#feed.emit({ type: 'plugin', plugin: toPluginSnapshot(snapshot) });
      // Not from within the machine's own step; by then another offer may be known.
      if (snapshot.value === 'installable') queueMicrotask(() => this.#dropIfGone(id));
    });
    return entry;
  }

  #tellOffer(entry: Entry): void {
    const { context } = entry.actor.getSnapshot();
    const release = this.isOfThisStore(context.id) ? entry.offered : undefined;
    if (context.offered !== release) entry.actor.send({ type: 'store.offers', release });
  }

  #dropIfGone(id: string): void {
    const entry = this.#entries.get(id);
    const snapshot = entry?.actor.getSnapshot();
    if (this.#isClosed || entry === undefined || entry.offered !== undefined) return;
    if (snapshot?.value !== 'installable') return;
    this.#entries.delete(id);
    entry.actor.stop();
    this.#feed.emit({ type: 'gone', id });
  }
}
