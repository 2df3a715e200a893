import { join } from 'node:path';
import type {
  DaemonEvent,
  DaemonSettings,
  LoadReport,
  PluginLoad,
  SettingsChange,
  UnloadAllReport,
} from '@jami-plugin-store/contract';
import { isPluginId } from '@jami-plugin-store/jpl';
import { DaemonError } from '../error.js';
import { errorOutcome } from '../error-outcome.js';
import type { EventLog } from '../events/event-log.js';
import { inParallel } from '../install/in-parallel.js';
import type { KeyQueue } from '../install/key-queue.js';
import { notInstalled, unmanaged } from '../installed/absence.js';
import { type FoundPlugin, findPlugin, type InstalledPlace } from '../installed/find-plugin.js';
import { libraryName } from '../installed/plugin-details.js';
import type { Loads } from '../loading/loads.js';
import type { Memory } from './remembered.js';

/**
 * Whether an installed plugin may be loaded now: its files as they were signed, its certificates not revoked. Called without the
 * plugin's queue.
 * @throws the reason why not
 */
export type CheckBeforeLoad = (id: string, signal: AbortSignal) => Promise<void>;

export interface ManagementOptions {
  readonly place: InstalledPlace;
  readonly queue: KeyQueue;
  readonly loads: Loads;
  readonly memory: Memory;
  readonly events: EventLog;
  readonly checkBeforeLoad: CheckBeforeLoad;
  /** Of texts, where the user chose none. */
  readonly language: string;
  /** Whether this daemon keeps loaded what is remembered; one that lives for a single command does not. */
  readonly keepsLoaded: boolean;
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onTrouble: (error: unknown, about: string) => void;
}

/** The user's say about what is installed: what is loaded, now and after a restart. */
export interface PluginManagement {
  readonly language: string;
  loadOf(id: string): PluginLoad;
  /** @throws {DaemonError} PLUGINS_DISABLED | PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | LIBRARY_MISSING | …, and what the check throws */
  load(id: string): Promise<LoadReport>;
  /** @throws {DaemonError} PLUGIN_NOT_INSTALLED | PLUGIN_NOT_LOADED */
  unload(id: string): Promise<LoadReport>;
  unloadAll(): Promise<UnloadAllReport>;
  settings(): DaemonSettings;
  changeSettings(change: SettingsChange): Promise<DaemonSettings>;
  /** Ends a plugin's library at once, whoever holds the plugin's queue; it stays remembered. */
  stop(id: string): Promise<boolean>;
  /** Loads a running plugin again; wishes that wait together become one. Settles when that is over, well or not. */
  reload(id: string): Promise<void>;
  /** For changes of the installed version; the caller holds the plugin's queue. */
  whileUnloaded<Result>(id: string, change: () => Promise<Result>): Promise<Result>;
  /** For the plugin's removal; the caller holds the plugin's queue. Where it is done, nothing is remembered. */
  whileRemoved(id: string, removal: () => Promise<void>): Promise<void>;
  /** Begins to load what is remembered. */
  start(): void;
  close(): Promise<void>;
}

const parallelLoads = 2;

export function createManagement(options: ManagementOptions): PluginManagement {
  return new Management(options);
}

class Management implements PluginManagement {
  readonly #options: ManagementOptions;
  readonly #background = new Set<Promise<void>>();
  readonly #reloading = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;

  constructor(options: ManagementOptions) {
    this.#options = options;
    this.#unsubscribe = options.events.subscribe((event) => this.#heed(event));
  }

  get language(): string {
    return this.#options.memory.now.language ?? this.#options.language;
  }

  loadOf(id: string): PluginLoad {
    const { loads, memory } = this.#options;
    return { ...loads.of(id), remembered: memory.now.loaded.includes(id) };
  }

  async load(id: string): Promise<LoadReport> {
    await this.#loadChecked(id);
    await this.#remember(id, true);
    return this.#report(id);
  }

  unload(id: string): Promise<LoadReport> {
    return this.#inTurn(id, async () => {
      const { loads, place } = this.#options;
      const before = this.loadOf(id);
      const wasRunning = await loads.stop(id);
      const wasTried = before.remembered || before.state !== 'unloaded';
      if (!wasRunning && !wasTried) {
        if (!isPluginId(id) || (await findPlugin(place, id)) === undefined) throw notInstalled(id);
        throw new DaemonError('PLUGIN_NOT_LOADED', `${id} is not loaded.`);
      }
      if (!wasRunning) loads.forget(id);
      await this.#remember(id, false);
      return this.#report(id);
    });
  }

  async unloadAll(): Promise<UnloadAllReport> {
    const { loads, memory } = this.#options;
    const unloaded = [...new Set([...loads.running(), ...memory.now.loaded])].sort();
    // Written down first: after a crash nothing comes back that the user wanted gone.
    await memory.change((now) => (now.loaded.length === 0 ? now : { ...now, loaded: [] }));
    await Promise.all(unloaded.map((id) => this.#inTurn(id, () => loads.stop(id))));
    for (const id of unloaded) this.#tell(id);
    return { unloaded };
  }

  settings(): DaemonSettings {
    return { pluginsEnabled: this.#options.memory.now.pluginsEnabled, language: this.language };
  }

  async changeSettings({ pluginsEnabled, language }: SettingsChange): Promise<DaemonSettings> {
    const { memory, loads, events } = this.#options;
    const before = this.settings();
    await memory.change((now) => {
      const { language: chosen, ...rest } = now;
      const next = language === undefined ? chosen : (language ?? undefined);
      return {
        ...rest,
        pluginsEnabled: pluginsEnabled ?? now.pluginsEnabled,
        ...(next === undefined ? {} : { language: next }),
      };
    });
    const settings = this.settings();
    if (settings.pluginsEnabled !== before.pluginsEnabled || settings.language !== before.language)
      events.append({ type: 'settings', settings });
    // What is remembered stays so: enabling brings back what disabling ended.
    if (!settings.pluginsEnabled) {
      await Promise.all(loads.running().map((id) => this.#inTurn(id, () => loads.stop(id))));
    } else if (!before.pluginsEnabled) await this.#loadRemembered();
    return settings;
  }

  stop(id: string): Promise<boolean> {
    return this.#options.loads.stop(id);
  }

  reload(id: string): Promise<void> {
    const { loads } = this.#options;
    const waiting = this.#reloading.get(id);
    if (waiting !== undefined) return waiting;
    if (!loads.running().includes(id)) return Promise.resolve();
    const reloaded = this.#soon(id, async () => {
      const wasRunning = await this.#inTurn(id, () => {
        this.#reloading.delete(id);
        return loads.stop(id);
      });
      if (wasRunning) await this.#loadChecked(id);
    });
    this.#reloading.set(id, reloaded);
    return reloaded;
  }

  async whileUnloaded<Result>(id: string, change: () => Promise<Result>): Promise<Result> {
    const { loads, memory, keepsLoaded } = this.#options;
    const wasRunning = await loads.stop(id);
    try {
      return await change();
    } finally {
      // Another version: how the one before ended says nothing about it.
      if (!wasRunning) loads.forget(id);
      const isWanted = wasRunning || (keepsLoaded && memory.now.loaded.includes(id));
      if (isWanted && memory.now.pluginsEnabled) void this.#soon(id, () => this.#loadChecked(id));
    }
  }

  async whileRemoved(id: string, removal: () => Promise<void>): Promise<void> {
    const { loads, onTrouble } = this.#options;
    const wasRunning = await loads.stop(id);
    try {
      await removal();
    } catch (error) {
      if (wasRunning) void this.#soon(id, () => this.#loadChecked(id));
      throw error;
    }
    loads.forget(id);
    await this.#remember(id, false).catch((error: unknown) => onTrouble(error, id));
  }

  start(): void {
    if (this.#options.keepsLoaded) void this.#track(this.#loadRemembered());
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort(new DaemonError('DAEMON_CLOSED', 'The daemon is shutting down.'));
    await this.#options.loads.close();
    await Promise.all(this.#background);
  }

  async #loadRemembered(): Promise<void> {
    const { memory, onTrouble } = this.#options;
    if (!memory.now.pluginsEnabled) return;
    await inParallel([...memory.now.loaded], parallelLoads, (id) =>
      this.#loadChecked(id).catch(async (error: unknown) => {
        if (this.#closing.signal.aborted) return;
        onTrouble(error, id);
        const isGone = error instanceof DaemonError && error.code === 'PLUGIN_NOT_INSTALLED';
        if (isGone) await this.#remember(id, false).catch((e: unknown) => onTrouble(e, id));
      }),
    );
  }

  /** What the watch finds out ends a library, or lets it back in. */
  #heed(event: DaemonEvent): void {
    const { loads, memory, keepsLoaded } = this.#options;
    if (event.type === 'disabled')
      void this.#soon(event.plugin, async () => void (await loads.stop(event.plugin)));
    const isWanted = keepsLoaded && memory.now.pluginsEnabled;
    if (event.type === 'healed' && isWanted && memory.now.loaded.includes(event.plugin))
      void this.#soon(event.plugin, () => this.#loadChecked(event.plugin));
  }

  /** Checks outside the plugin's queue, for that may take long; what became active meanwhile is checked anew. */
  async #loadChecked(id: string): Promise<void> {
    const { loads, memory, place, checkBeforeLoad } = this.#options;
    if (!memory.now.pluginsEnabled)
      throw new DaemonError('PLUGINS_DISABLED', 'Plugins are disabled; enable them first.');
    try {
      for (;;) {
        this.#closing.signal.throwIfAborted();
        const found = isPluginId(id) ? await findPlugin(place, id) : undefined;
        if (found === undefined) throw notInstalled(id);
        if (loads.running().includes(id)) return;
        const file = libraryOf(found);
        await checkBeforeLoad(id, this.#closing.signal);
        const isDone = await this.#inTurn(id, async () => {
          // Another version, or disabled meanwhile: the next look says what.
          const now = await findPlugin(place, id);
          if (now?.tree !== found.tree || now?.state !== 'installed') return false;
          const root = place.layout.link(id);
          await loads.load(id, { library: join(root, file), folder: root });
          return true;
        });
        if (isDone) return;
      }
    } catch (error) {
      const { code } = errorOutcome(error);
      if (code !== 'PLUGIN_NOT_INSTALLED' && loads.of(id).code !== code) loads.refuse(id, error);
      throw error;
    }
  }

  async #remember(id: string, isLoaded: boolean): Promise<void> {
    const { memory } = this.#options;
    if (memory.now.loaded.includes(id) === isLoaded) return;
    await memory.change((now) => {
      const others = now.loaded.filter((known) => known !== id);
      return { ...now, loaded: isLoaded ? [...others, id].sort() : others };
    });
    this.#tell(id);
  }

  #report(id: string): LoadReport {
    return { id, load: this.loadOf(id) };
  }

  #tell(id: string): void {
    this.#options.events.append({ type: 'load', plugin: id, load: this.loadOf(id) });
  }

  #inTurn<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    return this.#options.queue.run(id.toLowerCase(), work);
  }

  /** Work that nobody has to wait for. Settles when it is over, well or not. */
  #soon(id: string, work: () => Promise<void>): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const { onTrouble } = this.#options;
    return this.#track(
      work().catch((error: unknown) => {
        if (!this.#closing.signal.aborted) onTrouble(error, id);
      }),
    );
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
    return tracked;
  }
}

/** @throws {DaemonError} UNMANAGED_FOLDER | RECORD_DAMAGED | LIBRARY_MISSING */
function libraryOf({ id, record, folder, state, reason }: FoundPlugin): string {
  if (state === 'unmanaged') throw unmanaged(folder);
  if (record === undefined)
    throw new DaemonError('RECORD_DAMAGED', `${id} is damaged: ${reason ?? 'it has no record'}`);
  const file = libraryName(id, record);
  if (record.libraries.includes(file)) return file;
  throw new DaemonError('LIBRARY_MISSING', `${id} has no library: there is nothing to load.`, {
    path: folder,
  });
}
