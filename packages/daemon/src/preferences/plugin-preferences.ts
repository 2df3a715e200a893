import type {
  PluginPreference,
  PluginPreferences,
  PreferenceScope,
  PreferencesChange,
} from '@jami-plugin-store/contract';
import type { Preference } from '@jami-plugin-store/jpl';
import { isPluginId } from '@jami-plugin-store/jpl';
import { DaemonError } from '../error.js';
import type { EventLog } from '../events/event-log.js';
import type { KeyQueue } from '../install/key-queue.js';
import { notInstalled, recordedPlugin } from '../installed/absence.js';
import { findPlugin, type InstalledPlace } from '../installed/find-plugin.js';
import { assertAccountId } from './account-id.js';
import { defaultOf, type PreferenceProblem, readDefinitions } from './preference-definitions.js';
import { assertPreferenceValue } from './preference-value.js';
import {
  accountValuesFile,
  gatherValues,
  globalValuesFile,
  keepAside,
  readValues,
  type ValuesFile,
  type ValuesPlace,
  writeValues,
} from './values-file.js';

export interface PreferencesOptions {
  readonly place: InstalledPlace & ValuesPlace;
  readonly queue: KeyQueue;
  readonly events: EventLog;
  /** Of texts, where a call names none. */
  readonly language: () => string;
  /** Called when a plugin's values changed, without its queue; whoever changed them waits for it. */
  readonly onChange: (id: string) => Promise<void>;
  /** Told of files that were put out of the way. */
  readonly onTrouble: (error: unknown, about: string) => void;
}

/** What users set in plugins: for all accounts, and for one. */
export interface PreferencesStore {
  /**
   * Definitions and values: default, then global, then the account's.
   * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | RECORD_DAMAGED | ACCOUNT_ID_INVALID
   */
  read(id: string, account: string | undefined, language?: string): Promise<PluginPreferences>;
  /**
   * Sets values; all are checked before one is stored. A global key is set for all accounts, also where an account is given.
   * @throws {DaemonError} PREFERENCE_UNKNOWN | PREFERENCE_VALUE_INVALID | PREFERENCES_TOO_LARGE, and those of `read`
   */
  set(id: string, change: PreferencesChange): Promise<PluginPreferences>;
  /** Forgets what was set: for one account, or the global values. */
  reset(id: string, account: string | undefined): Promise<PluginPreferences>;
  /** Before another version becomes the active one; the caller holds the plugin's queue. */
  gather(id: string): Promise<void>;
}

export function createPreferences(options: PreferencesOptions): PreferencesStore {
  return new Store(options);
}

/** A plugin whose preferences are asked for. */
interface Subject {
  readonly id: string;
  readonly folder: string;
  readonly tree: string;
}

class Store implements PreferencesStore {
  readonly #options: PreferencesOptions;

  constructor(options: PreferencesOptions) {
    this.#options = options;
  }

  async read(id: string, account: string | undefined, language?: string): Promise<PluginPreferences> {
    if (account !== undefined) assertAccountId(account);
    const subject = await this.#subject(id);
    const definitions = await this.#definitions(subject, language);
    const problems: PreferenceProblem[] = [...definitions.problems];
    const values = new Map<string, string>();
    const add = async (file: ValuesFile): Promise<void> => {
      for (const [key, value] of await this.#readOr(file, problems)) values.set(key, value);
    };
    // Without an account, those of accounts have no value to tell (Jami's order: global, then the account's).
    const told = account === undefined ? definitions.global : [...definitions.global, ...definitions.account];
    for (const preference of told) values.set(preference.key, defaultOf(preference));
    await add(await this.#globalFile(subject));
    if (account !== undefined) await add(this.#accountFile(id, account));
    const rowOf = (scope: PreferenceScope) => (preference: Preference) =>
      toldPreference(scope, preference, values);
    return {
      id,
      account: account ?? null,
      language: definitions.language,
      preferences: [...definitions.global.map(rowOf('global')), ...definitions.account.map(rowOf('account'))],
      values: Object.fromEntries(values),
      problems,
    };
  }

  async set(id: string, { account, values }: PreferencesChange): Promise<PluginPreferences> {
    if (account !== undefined) assertAccountId(account);
    await this.#changing(id, async (changed) => {
      const subject = await this.#subject(id);
      const wishes = sortByScope(await this.#definitions(subject), account, Object.entries(values));
      for (const { preference, value } of wishes) await assertPreferenceValue(preference, value);
      const of = (scope: PreferenceScope) =>
        new Map(
          wishes
            .filter((wish) => wish.scope === scope)
            .map(({ preference, value }) => [preference.key, value]),
        );
      const global = await this.#store(await this.#globalFile(subject), of('global'));
      changed(undefined, global);
      if (account !== undefined)
        changed(account, await this.#store(this.#accountFile(id, account), of('account')));
    });
    return this.read(id, account);
  }

  async reset(id: string, account: string | undefined): Promise<PluginPreferences> {
    if (account !== undefined) assertAccountId(account);
    await this.#changing(id, async (changed) => {
      const subject = await this.#subject(id);
      const file = account === undefined ? await this.#globalFile(subject) : this.#accountFile(id, account);
      const before = await this.#readToReplace(file);
      if (before.size === 0) return;
      await writeValues(this.#options.place, file, new Map());
      changed(account, [...before.keys()]);
    });
    return this.read(id, account);
  }

  async gather(id: string): Promise<void> {
    const { place, onTrouble } = this.#options;
    const active = await place.links.active(id);
    if (typeof active !== 'object') return;
    // An update must not fail for what somebody put there.
    await gatherValues(place, id, active.tree).catch((error: unknown) => onTrouble(error, id));
  }

  /** @returns the keys whose values are others now */
  async #store(file: ValuesFile, wanted: ReadonlyMap<string, string>): Promise<string[]> {
    if (wanted.size === 0) return [];
    const before = await this.#readToReplace(file);
    const changed = [...wanted].filter(([key, value]) => before.get(key) !== value).map(([key]) => key);
    if (changed.length > 0) await writeValues(this.#options.place, file, new Map([...before, ...wanted]));
    return changed;
  }

  /** Changes values in the plugin's turn; then, also where that failed half-way, lets the plugin know. */
  async #changing(
    id: string,
    work: (changed: (account: string | undefined, keys: string[]) => void) => Promise<void>,
  ): Promise<void> {
    const { events, onChange } = this.#options;
    let hasChanged = false;
    const changed = (account: string | undefined, keys: string[]): void => {
      if (keys.length === 0) return;
      hasChanged = true;
      events.append({ type: 'preferences', plugin: id, account: account ?? null, keys: keys.sort() });
    };
    try {
      await this.#inTurn(id, () => work(changed));
    } finally {
      if (hasChanged) await onChange(id);
    }
  }

  /** What is there before it is written over; what cannot be read is put aside. */
  async #readToReplace(file: ValuesFile): Promise<Map<string, string>> {
    const { place, onTrouble } = this.#options;
    try {
      return await readValues(place.disk, file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      onTrouble(error, await keepAside(place, file));
      return new Map();
    }
  }

  async #readOr(file: ValuesFile, problems: PreferenceProblem[]): Promise<Map<string, string>> {
    try {
      return await readValues(this.#options.place.disk, file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      problems.push({ code: error.code, message: error.message });
      return new Map();
    }
  }

  async #subject(id: string): Promise<Subject> {
    const found = isPluginId(id) ? await findPlugin(this.#options.place, id) : undefined;
    if (found === undefined) throw notInstalled(id);
    return { id, folder: found.folder, tree: recordedPlugin(found, id).tree };
  }

  #definitions({ id, folder }: Subject, language = this.#options.language()) {
    const { disk, layout } = this.#options.place;
    return readDefinitions({ disk, id, folder, root: layout.link(id) }, language);
  }

  #globalFile({ id, tree }: Subject): Promise<ValuesFile> {
    return globalValuesFile(this.#options.place, id, tree);
  }

  #accountFile(id: string, account: string): ValuesFile {
    return accountValuesFile(this.#options.place, id, account);
  }

  #inTurn<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    return this.#options.queue.run(id.toLowerCase(), work);
  }
}

interface Wish {
  readonly scope: PreferenceScope;
  readonly preference: Preference;
  readonly value: string;
}

/** Which definition each key belongs to; of a key that is in both, the global one, as in Jami. */
function sortByScope(
  { global, account: perAccount }: { global: readonly Preference[]; account: readonly Preference[] },
  account: string | undefined,
  values: readonly (readonly [string, string])[],
): Wish[] {
  return values.map(([key, value]) => {
    const ofAll = global.find((preference) => preference.key === key);
    if (ofAll !== undefined) return { scope: 'global', preference: ofAll, value };
    const ofOne = perAccount.find((preference) => preference.key === key);
    if (ofOne !== undefined && account !== undefined) return { scope: 'account', preference: ofOne, value };
    const why = ofOne === undefined ? 'The plugin has no such preference' : 'It is set for one account only';
    throw new DaemonError('PREFERENCE_UNKNOWN', `${why}: ${JSON.stringify(key.slice(0, 128))}.`);
  });
}

function toldPreference(
  scope: PreferenceScope,
  preference: Preference,
  values: ReadonlyMap<string, string>,
): PluginPreference {
  const { type, key, fields } = preference;
  const defaultValue = defaultOf(preference);
  return {
    scope,
    type,
    key,
    fields: Object.fromEntries(fields),
    defaultValue,
    value: values.get(key) ?? defaultValue,
  };
}

function isDamage(error: unknown): error is DaemonError {
  return error instanceof DaemonError && error.code === 'PREFERENCES_DAMAGED';
}
