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
import type { InstallConsent } from '../plugin/plugin-work.js';
import type { ClientSettings } from '../settings/client-settings.js';
import type { OpenStore } from '../store/open-store.js';
import type { StoreShelf } from '../store/store-shelf.js';
import { entriesOf, failedFound, foundOf } from './found-update.js';
import { noteNotices, takesUpdates } from './note-notices.js';
import { findRipeRelease } from './ripe-release.js';
import { askForNotices, type StoreNotice } from './store-notice.js';
import { type Found, reportOf, type UpdateJournal } from './update-journal.js';
import { takenVersion, weighUpdate } from './weigh-update.js';

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
  publishedAt: string | undefined;
  heldBack: HeldBack | undefined;
  /** What is taken without asking: `offered`, or an older one while that is too new; undefined: nothing. */
  taken: string | undefined;
}

/** One installed plugin that its store could not be asked about. */
export interface Unanswered {
  store: OpenStore;
  id: string;
  failure: PluginFailure;
}

const dayMs = 86_400_000;
const jitterMs = 3_600_000;

/** Which installed plugins have something newer, why it is not taken, and what was done about it. */
export class VersionManager {
  readonly #means: VersionManagerMeans;
  #checking: Promise<void> | undefined;
  #unanswered: readonly Unanswered[] = [];

  constructor(means: VersionManagerMeans) {
    this.#means = means;
  }

  /** Of what the last look in this process learned nothing. */
  get unanswered(): readonly Unanswered[] {
    return this.#unanswered;
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
    return this.#once(() => this.#check());
  }

  /** As `check`, and makes no update. */
  look(): Promise<void> {
    return this.#once(() => this.#look());
  }

  /** What was found and may be taken, or why not. */
  updates(): UpdateFound[] {
    const { mirror, stores, settings, clock } = this.#means;
    return mirror.rows.flatMap((row) => {
      const store = stores.homeOf(row);
      const { update, ripe } = this.#foundOf(row) ?? {};
      if (store === undefined || update === undefined) return [];
      const { id, version } = row;
      const { version: offered, publishedAt } = update;
      const heldBack = this.heldBack(row);
      const taken = takenVersion(update, ripe, settings.policy(id), clock());
      return [{ store, id, installed: version ?? '', offered, publishedAt, heldBack, taken }];
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
    return reportOf(this.#means.journal.known);
  }

  /**
   * Makes one update and writes down what became of it.
   * @param consent with a version: that one and no other, as long as it is higher; else what the store offers now
   * @returns where the plugin came to rest: with the new version, `failed`, or as it was where it was canceled
   * @throws {ClientError} ACTION_NOT_POSSIBLE | PLUGIN_UNKNOWN | CLIENT_CLOSED
   */
  async update(
    { store, id, installed, offered }: UpdateFound,
    consent: Pick<InstallConsent, 'acceptPublisher' | 'version'> = {},
  ): Promise<PluginSnapshot> {
    const { mirror, clock } = this.#means;
    const snapshot = await store.plugins.registry.ask(id, {
      type: 'update',
      consent: { ...consent, onlyHigher: true },
    });
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
    const to = consent.version ?? offered;
    await this.#write([{ at, what: 'failed', ...about, to, code, message }], (found) => {
      const own = Object.hasOwn(found, id) ? found[id] : undefined;
      return own === undefined ? found : { ...found, [id]: failedFound(own, to, code) };
    });
    return snapshot;
  }

  #once(work: () => Promise<void>): Promise<void> {
    this.#checking ??= work().finally(() => {
      this.#checking = undefined;
      this.#means.onChange();
    });
    this.#means.onChange();
    return this.#checking;
  }

  /** What was found of a plugin, as long as the version it was found for is the installed one. */
  #foundOf({ id, version }: InstalledPlugin): Found | undefined {
    const { found } = this.#means.journal.known;
    const own = Object.hasOwn(found, id) ? found[id] : undefined;
    return own?.installed === version ? own : undefined;
  }

  async #check(): Promise<void> {
    await this.#look();
    if (!this.#means.settings.autoUpdate) return;
    for (const update of this.updates()) {
      const { actions = [] } = update.store.plugins.registry.snapshot(update.id) ?? {};
      // One that the user is working on already is left to them.
      if (update.taken === undefined || !actions.includes('update')) continue;
      // What the user's days of waiting were counted for, and not what may have come since.
      await this.update(update, { version: update.taken });
    }
  }

  async #look(): Promise<void> {
    const { reload, mirror, stores, journal, clock, random } = this.#means;
    await Promise.all([reload(), journal.reload()]);
    await mirror.refresh();
    if (mirror.state.status === 'lost') throw mirror.state.error;
    const asked = await Promise.all(stores.all().map((store) => this.#ask(store)));
    this.#unanswered = asked.flatMap(({ unanswered }) => unanswered);
    const failures = asked.flatMap(({ store, unanswered: [first] }) =>
      first === undefined ? [] : [{ store: store.name, failure: first.failure }],
    );
    // A day on which nobody could be asked is made up as soon as somebody can.
    const isMissed = failures.length > 0 && asked.every(({ notices }) => notices.length === 0);
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
  }

  async #ask(store: OpenStore): Promise<{
    store: OpenStore;
    notices: StoreNotice[];
    unanswered: Unanswered[];
  }> {
    const rows = this.#rowsOf(store);
    const silent = (id: string, error: ClientError): Unanswered => ({
      store,
      id,
      failure: pluginFailure(error),
    });
    try {
      const { notices, failures } = await askForNotices(store.api, rows, store.request());
      noteNotices(store.plugins.registry, notices);
      for (const notice of notices) await this.#addRipe(store, notice);
      return { store, notices, unanswered: failures.map(({ id, error }) => silent(id, error)) };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return { store, notices: [], unanswered: rows.map(({ id }) => silent(id, error)) };
    }
  }

  /** Where the newest release is too new for the user: the newest one that is not. */
  async #addRipe(store: OpenStore, notice: StoreNotice): Promise<void> {
    const { settings, clock, mirror } = this.#means;
    const { id, update } = notice;
    const policy = settings.policy(id);
    const now = clock();
    if (update === undefined || weighUpdate(update, policy, now)?.reason !== 'too-new') return;
    const installed = mirror.rows.find((row) => row.id === id)?.version ?? '';
    const publishedBy = new Date(now.getTime() - policy.holdDays * dayMs);
    notice.ripe = await findRipeRelease(store.api, { id, installed, publishedBy, now }, store.request());
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
