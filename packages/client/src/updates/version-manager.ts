import type {
  HeldBack,
  InstalledNotice,
  InstalledPlugin,
  PluginFailure,
  PluginSnapshot,
  UpdateEntry,
  UpdateReport,
} from '@jami-plugin-store/contract';
import type { DaemonMirror } from '../daemon/daemon-mirror.js';
import { ClientError } from '../error.js';
import { pluginFailure } from '../plugin/plugin-failure.js';
import type { ClientSettings } from '../settings/client-settings.js';
import type { OpenStore } from '../store/open-store.js';
import type { StoreShelf } from '../store/store-shelf.js';
import { entriesOf, foundOf } from './found-update.js';
import { noteNotices, takesUpdates } from './note-notices.js';
import { askForNotices, type StoreNotice } from './store-notice.js';
import type { Found, UpdateJournal } from './update-journal.js';
import { weighUpdate } from './weigh-update.js';

export interface VersionManagerMeans {
  stores: StoreShelf;
  mirror: DaemonMirror;
  settings: ClientSettings;
  journal: UpdateJournal;
  clock: () => Date;
  /** In [0, 1). */
  random: () => number;
  /** Takes up what other programs changed. */
  reload(): Promise<void>;
  /** Something about looking for updates changed; `entry`: it found or did something. */
  onChange(entry?: UpdateEntry): void;
}

/** One plugin a newer version was found of. */
export interface UpdateFound {
  store: OpenStore;
  id: string;
  installed: string;
  offered: string;
  heldBack: HeldBack | undefined;
}

const dayMs = 86_400_000;
const jitterMs = 3_600_000;

/** Which installed plugins have something newer, why it is not taken, and what was done about it. */
export class VersionManager {
  readonly #means: VersionManagerMeans;
  #checking: Promise<void> | undefined;

  constructor(means: VersionManagerMeans) {
    this.#means = means;
  }

  get isChecking(): boolean {
    return this.#checking !== undefined;
  }

  get checkedAt(): string | undefined {
    return this.#means.journal.known.checkedAt;
  }

  get nextCheckAt(): string | undefined {
    return this.#means.journal.known.nextCheckAt;
  }

  /** Whether a day has passed since the last check, also one of an earlier run or of another program. */
  isDue(): boolean {
    const { checkedAt, nextCheckAt } = this.#means.journal.known;
    const now = this.#means.clock().getTime();
    const [last, next] = [Date.parse(checkedAt ?? ''), Date.parse(nextCheckAt ?? '')];
    // A last check in the future is of a clock that was wrong.
    if (Number.isNaN(last) || Number.isNaN(next) || last > now) return true;
    return now >= next;
  }

  /**
   * Asks every store about what was installed from it, and makes the updates that may be made by themselves. One check at a time.
   * @throws {ClientError} DAEMON_UNAVAILABLE | DAEMON_ANSWER_INVALID: what is installed is not known; CLIENT_FILE_* | DISK_FULL
   */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      this.#means.onChange();
    });
    this.#means.onChange();
    return this.#checking;
  }

  /** What was found and may be taken, or why not. */
  updates(): UpdateFound[] {
    const { mirror, stores } = this.#means;
    return mirror.rows.flatMap((row) => {
      const store = stores.homeOf(row);
      const update = this.#foundOf(row)?.update;
      if (store === undefined || update === undefined) return [];
      const { id, version } = row;
      return [{ store, id, installed: version ?? '', offered: update.version, heldBack: this.heldBack(row) }];
    });
  }

  heldBack(row: InstalledPlugin): HeldBack | undefined {
    const update = this.#foundOf(row)?.update;
    if (update === undefined) return undefined;
    const held = weighUpdate(update, this.#means.settings.policy(row.id), this.#means.clock());
    if (held !== undefined || update.failedWith === undefined) return held;
    return { version: update.version, reason: 'failed', code: update.failedWith };
  }

  notice(row: InstalledPlugin): InstalledNotice | undefined {
    const found = this.#foundOf(row);
    if (found === undefined) return undefined;
    const { yanked, revoked, revision, isOffered } = found;
    const notice: InstalledNotice = {
      ...(yanked === undefined ? {} : { yanked }),
      ...(revoked === undefined ? {} : { revoked }),
      ...(revision === undefined ? {} : { revision }),
      ...(isOffered ? {} : { isGone: true }),
    };
    return Object.keys(notice).length === 0 ? undefined : notice;
  }

  deprecation(row: InstalledPlugin): Found['deprecated'] {
    return this.#foundOf(row)?.deprecated;
  }

  /** Newest first. */
  report(): UpdateReport {
    const { checkedAt, nextCheckAt, failures, entries } = this.#means.journal.known;
    return {
      ...(checkedAt === undefined ? {} : { checkedAt }),
      ...(nextCheckAt === undefined ? {} : { nextCheckAt }),
      failures,
      entries: [...entries].reverse(),
    };
  }

  /**
   * Makes one update and writes down what became of it.
   * @returns where the plugin came to rest: with the new version, `failed`, or as it was where it was canceled
   * @throws {ClientError} ACTION_NOT_POSSIBLE | PLUGIN_UNKNOWN | CLIENT_CLOSED
   */
  async update({ store, id, installed, offered }: UpdateFound): Promise<PluginSnapshot> {
    const { mirror, clock } = this.#means;
    const snapshot = await store.plugins.registry.ask(id, { type: 'update' });
    // The list says the same from now on.
    await mirror.refresh();
    const about = { store: store.name, plugin: id, from: installed };
    const at = clock().toISOString();
    const version = snapshot.installed?.version ?? installed;
    if (snapshot.failure === undefined) {
      const isDone = version !== installed;
      if (isDone) await this.#write([{ at, what: 'updated', ...about, to: version }], (found) => found);
      return snapshot;
    }
    const { code, message } = snapshot.failure;
    await this.#write([{ at, what: 'failed', ...about, to: offered, code, message }], (found) => {
      const own = Object.hasOwn(found, id) ? found[id] : undefined;
      if (own?.update === undefined) return found;
      return { ...found, [id]: { ...own, update: { ...own.update, failedWith: code } } };
    });
    return snapshot;
  }

  /** What was found of a plugin, as long as the version it was found for is the installed one. */
  #foundOf({ id, version }: InstalledPlugin): Found | undefined {
    const { found } = this.#means.journal.known;
    const own = Object.hasOwn(found, id) ? found[id] : undefined;
    return own?.installed === version ? own : undefined;
  }

  async #check(): Promise<void> {
    const { reload, mirror, stores, journal, settings, clock, random } = this.#means;
    await Promise.all([reload(), journal.reload()]);
    await mirror.refresh();
    if (mirror.state.status === 'lost') throw mirror.state.error;
    const asked = await Promise.all(stores.all().map((store) => this.#ask(store)));
    const failures = asked.flatMap(({ store, failure }) =>
      failure === undefined ? [] : [{ store: store.name, failure }],
    );
    // A day on which nobody could be asked is made up as soon as somebody can.
    const isMissed =
      failures.length > 0 && failures.length === asked.filter(({ isNeeded }) => isNeeded).length;
    const now = clock();
    await journal.change((before) => ({
      ...before,
      failures,
      ...(isMissed
        ? {}
        : {
            checkedAt: now.toISOString(),
            nextCheckAt: new Date(now.getTime() + dayMs + random() * jitterMs).toISOString(),
          }),
    }));
    for (const { store, notices } of asked) await this.#note(store, notices);
    if (!settings.autoUpdate) return;
    for (const update of this.updates()) {
      const isTaken = update.heldBack === undefined || update.heldBack.reason === 'failed';
      const { actions = [] } = update.store.plugins.registry.snapshot(update.id) ?? {};
      // One that the user is working on already is left to them.
      if (isTaken && actions.includes('update')) await this.update(update);
    }
  }

  async #ask(store: OpenStore): Promise<{
    store: OpenStore;
    isNeeded: boolean;
    notices: StoreNotice[];
    failure?: PluginFailure;
  }> {
    const rows = this.#rowsOf(store);
    const isNeeded = rows.length > 0;
    try {
      const { notices, failures } = await askForNotices(store.api, rows, store.request());
      noteNotices(store.plugins.registry, notices);
      const [first] = failures;
      const isSilent = first !== undefined && notices.length === 0;
      return { store, isNeeded, notices, ...(isSilent ? { failure: pluginFailure(first.error) } : {}) };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return { store, isNeeded, notices: [], failure: pluginFailure(error) };
    }
  }

  #rowsOf(store: OpenStore): InstalledPlugin[] {
    const { mirror, stores } = this.#means;
    return mirror.rows.filter((row) => takesUpdates(row) && stores.homeOf(row) === store);
  }

  /** Writes down what is new in what a store said. */
  async #note(store: OpenStore, notices: readonly StoreNotice[]): Promise<void> {
    const versions = new Map(this.#rowsOf(store).map(({ id, version }) => [id, version ?? '']));
    const at = this.#means.clock().toISOString();
    const known = this.#means.journal.known.found;
    const entries = notices.flatMap((notice) => {
      const before = Object.hasOwn(known, notice.id) ? known[notice.id] : undefined;
      return entriesOf(store.name, notice, versions.get(notice.id) ?? '', before, at);
    });
    await this.#write(entries, (found) => {
      const next = notices.map((notice): [string, Found] => {
        const before = Object.hasOwn(found, notice.id) ? found[notice.id] : undefined;
        return [notice.id, foundOf(store.name, notice, versions.get(notice.id) ?? '', before)];
      });
      return { ...found, ...Object.fromEntries(next) };
    });
  }

  async #write(
    entries: UpdateEntry[],
    edit: (found: Record<string, Found>) => Record<string, Found>,
  ): Promise<void> {
    const { journal, mirror, onChange } = this.#means;
    const installed = new Set(mirror.rows.map(({ id }) => id));
    await journal.change((before) => ({
      ...before,
      // What is not installed any more is forgotten.
      found: Object.fromEntries(Object.entries(edit(before.found)).filter(([id]) => installed.has(id))),
      entries: [...before.entries, ...entries],
    }));
    for (const entry of entries) onChange(entry);
  }
}
