import type {
  DaemonSettings,
  LoadReport,
  PluginLoad,
  PluginPreferences,
  PreferencesChange,
  SettingsChange,
  UnloadAllReport,
} from '@jami-plugin-store/contract';
import { preferredLanguages } from '@jami-plugin-store/jpl';
import { DaemonError } from '../error.js';
import type { EventLog } from '../events/event-log.js';
import type { KeyQueue } from '../install/key-queue.js';
import type { InstalledPlace } from '../installed/find-plugin.js';
import type { LinkSwitch } from '../installed/link-switch.js';
import type { Lifetime } from '../lifetime.js';
import { hostEnvironment } from '../loading/host-environment.js';
import { defaultHostLimits } from '../loading/host-process.js';
import { createLoads } from '../loading/loads.js';
import { createPreferences } from '../preferences/plugin-preferences.js';
import type { ValuesPlace } from '../preferences/values-file.js';
import { linksAroundLoads } from './links-around-loads.js';
import { type CheckBeforeLoad, createManagement } from './plugin-management.js';
import { openMemory } from './remembered.js';

/** What a face may ask of what is installed, beyond installing it. */
export interface ManagedPlugins {
  /**
   * Verifies a plugin's files again, asks about its certificates, and loads its library in a process of its own; from then on it
   * is loaded at every start.
   * @throws {DaemonError} PLUGINS_DISABLED | PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | LIBRARY_MISSING | LIBRARY_CRASHED | …
   * @throws {TrustError} revoked since
   */
  load(id: string): Promise<LoadReport>;
  /** @throws {DaemonError} PLUGIN_NOT_INSTALLED | PLUGIN_NOT_LOADED */
  unload(id: string): Promise<LoadReport>;
  /** Unloads and forgets every plugin. */
  unloadAll(): Promise<UnloadAllReport>;
  settings(): Promise<DaemonSettings>;
  changeSettings(change: SettingsChange): Promise<DaemonSettings>;
  /** Disabled plugins stay remembered; enabled again, they are loaded again. */
  setPluginsEnabled(isEnabled: boolean): Promise<DaemonSettings>;
  /**
   * Definitions and effective values, for all accounts or for one, in a language.
   * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | RECORD_DAMAGED | ACCOUNT_ID_INVALID
   */
  preferences(id: string, account?: string, language?: string): Promise<PluginPreferences>;
  /** @throws {DaemonError} PREFERENCE_UNKNOWN | PREFERENCE_VALUE_INVALID | …; then nothing was set */
  setPreferences(id: string, change: PreferencesChange): Promise<PluginPreferences>;
  setPreference(
    id: string,
    account: string | undefined,
    key: string,
    value: string,
  ): Promise<PluginPreferences>;
  resetPreferences(id: string, account?: string): Promise<PluginPreferences>;
  /** @throws {DaemonError} NOT_SUPPORTED: handlers work in a running call or chat */
  toggleHandler(id: string): Promise<never>;
  /** @throws {DaemonError} NOT_SUPPORTED: web views belong to a running client */
  webView(id: string): Promise<never>;
}

export interface ManagedOptions {
  readonly place: InstalledPlace & ValuesPlace & { readonly queue: KeyQueue };
  readonly events: EventLog;
  readonly life: Lifetime;
  readonly checkBeforeLoad: CheckBeforeLoad;
  /** Of texts; default: the environment's. */
  readonly language: string | undefined;
  readonly keepsLoaded: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limits: { readonly loadMs: number; readonly unloadMs: number; readonly maxLoaded: number };
  readonly onTrouble: (error: unknown, about: string) => void;
}

/** The managing part of a daemon. */
export interface Managed {
  readonly face: ManagedPlugins;
  /** To be used for every change of a plugin's active version. */
  readonly links: LinkSwitch;
  readonly language: string;
  loadOf(id: string): PluginLoad;
  start(): void;
  close(): Promise<void>;
}

export async function manage(options: ManagedOptions): Promise<Managed> {
  const { place, events, life, onTrouble, environment, limits } = options;
  const { queue } = place;
  const memory = await openMemory(place.disk, place.layout, onTrouble);
  const loads = createLoads({
    limits: { ...defaultHostLimits, entryMs: limits.loadMs, exitMs: limits.unloadMs },
    maxLoaded: limits.maxLoaded,
    environment: () => hostEnvironment(environment, firstOf(management.language)),
    onChange: (id) => events.append({ type: 'load', plugin: id, load: management.loadOf(id) }),
  });
  const language = options.language ?? (preferredLanguages(environment).join(',') || 'en');
  const { checkBeforeLoad, keepsLoaded } = options;
  const management = createManagement({
    place,
    queue,
    loads,
    memory,
    events,
    checkBeforeLoad,
    language,
    keepsLoaded,
    onTrouble,
  });
  const preferences = createPreferences({
    place,
    queue,
    events,
    language: () => management.language,
    onChange: (id) => management.reload(id),
    onTrouble,
  });
  const setPreferences: ManagedPlugins['setPreferences'] = (id, change) =>
    life.run(() => preferences.set(id, change));
  const changeSettings: ManagedPlugins['changeSettings'] = (change) =>
    life.run(() => management.changeSettings(change));

  return {
    links: linksAroundLoads(place.links, management, preferences),
    get language() {
      return management.language;
    },
    loadOf: (id) => management.loadOf(id),
    start: () => management.start(),
    close: () => management.close(),
    face: {
      load: (id) => life.run(() => management.load(id)),
      unload: (id) => life.run(() => management.unload(id)),
      unloadAll: () => life.run(() => management.unloadAll()),
      settings: () => life.run(async () => management.settings()),
      changeSettings,
      setPluginsEnabled: (pluginsEnabled) => changeSettings({ pluginsEnabled }),
      preferences: (id, account, wanted) => life.run(() => preferences.read(id, account, wanted)),
      setPreferences,
      setPreference: (id, account, key, value) =>
        setPreferences(id, {
          ...(account === undefined ? {} : { account }),
          values: Object.fromEntries([[key, value]]),
        }),
      resetPreferences: (id, account) => life.run(() => preferences.reset(id, account)),
      toggleHandler: () => life.run(() => refuse('Handlers work in a running call or chat')),
      webView: () => life.run(() => refuse('Web views belong to a running client')),
    },
  };
}

async function refuse(why: string): Promise<never> {
  throw new DaemonError('NOT_SUPPORTED', `${why}; this daemon has none.`);
}

/** The one a library is told, which knows no lists. */
function firstOf(languages: string): string {
  return languages.split(/[,;]/)[0]?.trim() || 'en';
}
