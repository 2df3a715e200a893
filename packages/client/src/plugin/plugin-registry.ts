import type {
  InstalledPlugin,
  InstalledRelease,
  OfferedRelease,
  PluginSnapshot,
} from '@jami-plugin-store/contract';
import { type Actor, createActor, getInitialSnapshot, waitFor } from 'xstate';
import { ClientError } from '../error.js';
import { type pluginMachine, providePluginWork } from './plugin-machine.js';
import type { PluginEvent } from './plugin-machine-setup.js';
import { isSameRelease, releaseOfRow } from './plugin-release.js';
import { toPluginSnapshot } from './plugin-snapshot.js';
import type { PluginWork } from './plugin-work.js';

interface Entry {
  actor: Actor<typeof pluginMachine>;
  /** The daemon's row, where it is installed. */
  row: InstalledPlugin | undefined;
  offered: OfferedRelease | undefined;
}

/** Hears of every change of a plugin; `gone`: it is neither offered nor installed any more. */
export interface RegistryListener {
  changed(snapshot: PluginSnapshot): void;
  gone(id: string): void;
}

/** The machines of the plugins of one store that are installed, under way, or were asked about, by id. */
export class PluginRegistry implements Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #machine: typeof pluginMachine;
  readonly #listener: RegistryListener;
  readonly #isOfThisStore: (row: InstalledPlugin) => boolean;
  #isClosed = false;

  /** @param isOfThisStore whether what this store offers may take the place of an installed plugin (docs/trust.md) */
  constructor(
    work: PluginWork,
    listener: RegistryListener,
    isOfThisStore: (row: InstalledPlugin) => boolean,
  ) {
    this.#machine = providePluginWork(work);
    this.#listener = listener;
    this.#isOfThisStore = isOfThisStore;
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

  /** Where a plugin stands that nobody has asked anything of yet, without a machine of its own. */
  preview(id: string, offered: OfferedRelease | undefined): PluginSnapshot {
    return this.snapshot(id) ?? toPluginSnapshot(getInitialSnapshot(this.#machine, { id, offered }));
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
    for (const [id, { row, actor }] of this.#entries) {
      // Its installation may have been told of, and its row never read.
      const wasInstalled = row !== undefined || actor.getSnapshot().context.installed !== undefined;
      if (wasInstalled && !byId.has(id)) this.noteRemoved(id);
    }
    for (const row of rows) {
      const entry = this.#entry(row.id);
      entry.row = row;
      const release = releaseOfRow(row);
      const known = entry.actor.getSnapshot().context.installed;
      if (!isSameRelease(release, known)) entry.actor.send({ type: 'daemon.installed', release });
      this.#tellOffer(entry);
    }
  }

  noteInstalled(id: string, version: string): void {
    this.#entry(id).actor.send({ type: 'daemon.installed', release: { version } });
  }

  noteDisabled(id: string, disabled: NonNullable<InstalledRelease['disabled']>): void {
    this.#entries.get(id)?.actor.send({ type: 'daemon.disabled', disabled });
  }

  noteHealed(id: string): void {
    this.#entries.get(id)?.actor.send({ type: 'daemon.healed' });
  }

  noteRemoved(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.row = undefined;
    entry.actor.send({ type: 'daemon.removed' });
    this.#tellOffer(entry);
  }

  /** True when the store this registry is for may replace what is installed (docs/trust.md, "What an update may be"). */
  isOfThisStore(id: string): boolean {
    const entry = this.#entries.get(id);
    const isInstalled = entry?.actor.getSnapshot().context.installed !== undefined;
    const row = isInstalled ? entry?.row : undefined;
    return row === undefined || this.#isOfThisStore(row);
  }

  /**
   * Asks a plugin's machine.
   * @throws {ClientError} PLUGIN_UNKNOWN | ACTION_NOT_POSSIBLE
   */
  tell(id: string, event: PluginEvent): PluginSnapshot {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new ClientError('PLUGIN_UNKNOWN', `${id} is neither offered nor installed`);
    const before = entry.actor.getSnapshot();
    if (!before.can(event)) {
      const { state } = toPluginSnapshot(before);
      throw new ClientError('ACTION_NOT_POSSIBLE', `${id} is ${state}: ${event.type} is not possible now`);
    }
    entry.actor.send(event);
    return toPluginSnapshot(entry.actor.getSnapshot());
  }

  /** As `tell`, and waits for where the plugin comes to rest. @throws {ClientError} as `tell`, CLIENT_CLOSED */
  async ask(id: string, event: PluginEvent): Promise<PluginSnapshot> {
    this.tell(id, event);
    return await this.rested(id);
  }

  /** Where a plugin comes to rest; at once where nothing is under way. @throws {ClientError} PLUGIN_UNKNOWN | CLIENT_CLOSED */
  async rested(id: string): Promise<PluginSnapshot> {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new ClientError('PLUGIN_UNKNOWN', `${id} is neither offered nor installed`);
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
      this.#listener.changed(toPluginSnapshot(snapshot));
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
    this.#listener.gone(id);
  }
}
