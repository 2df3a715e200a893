import type {
  AccountList,
  ActivityReport,
  AdoptReport,
  CheckReport,
  DaemonEvent,
  DaemonInfo,
  DaemonSettings,
  InstalledPlugin,
  InstallReport,
  InstallRequest,
  InstallTrace,
  InstallTraces,
  LoadReport,
  PluginDetails,
  PluginPreferences,
  PreferencesChange,
  RollbackReport,
  SettingsChange,
  UninstallReport,
  UnloadAllReport,
} from '@jami-plugin-store/contract';
import type { ClientError } from '../error.js';
import type { ExchangeObserver } from '../network/exchange-watch.js';

/** What a stream of the daemon's events brings. */
export type DaemonNews =
  /** The stream stands. Unless `resumed`, events may have been missed: read the list again. */
  | { type: 'connected'; resumed: boolean }
  /** The daemon is gone; the stream comes back by itself. */
  | { type: 'lost'; error: ClientError }
  /** The daemon does not remember where the stream broke: read the list again. */
  | { type: 'reset' }
  | { type: 'event'; event: DaemonEvent };

export interface DaemonCall {
  signal?: AbortSignal | undefined;
  /** Hears what is really sent; the daemon's secret is left out. */
  observe?: ExchangeObserver | undefined;
}

/**
 * The daemon as this room and the command line call it. Each call throws a `DaemonRefusal` where the daemon says no, and a
 * `ClientError` DAEMON_UNAVAILABLE | DAEMON_ANSWER_INVALID | CANCELED where there is no answer to use.
 */
export interface DaemonApi extends AsyncDisposable {
  info(call?: DaemonCall): Promise<DaemonInfo>;
  list(call?: DaemonCall & { language?: string | undefined }): Promise<InstalledPlugin[]>;
  details(id: string, call?: DaemonCall & { language?: string | undefined }): Promise<PluginDetails>;
  install(request: InstallRequest, call?: DaemonCall): Promise<InstallReport>;
  uninstall(id: string, call?: DaemonCall): Promise<UninstallReport>;
  /** Goes back to the version kept before the installed one. */
  rollback(id: string, call?: DaemonCall): Promise<RollbackReport>;
  /** Makes a folder of another program an installed plugin, by the signatures it carries. */
  adopt(id: string, call?: DaemonCall): Promise<AdoptReport>;
  /** Verifies the installed files and asks about revocation again. */
  check(id: string, call?: DaemonCall): Promise<CheckReport>;
  /** What changed: entries after a number, else the newest; oldest first. */
  activity(
    call?: DaemonCall & { after?: number | undefined; limit?: number | undefined },
  ): Promise<ActivityReport>;
  /** Jami accounts that have a folder in the daemon's data folder. */
  accounts(call?: DaemonCall): Promise<AccountList>;
  /** The installs it remembers, newest first. */
  traces(call?: DaemonCall): Promise<InstallTraces>;
  /** What was said and done during one install, by its job. */
  trace(job: string, call?: DaemonCall): Promise<InstallTrace>;
  /** Loads a plugin's library, now and at every start of the daemon. */
  load(id: string, call?: DaemonCall): Promise<LoadReport>;
  unload(id: string, call?: DaemonCall): Promise<LoadReport>;
  /** Unloads and forgets every plugin. */
  unloadAll(call?: DaemonCall): Promise<UnloadAllReport>;
  settings(call?: DaemonCall): Promise<DaemonSettings>;
  changeSettings(change: SettingsChange, call?: DaemonCall): Promise<DaemonSettings>;
  /** Definitions and effective values: of all accounts, or of one. */
  preferences(
    id: string,
    call?: DaemonCall & { account?: string | undefined; language?: string | undefined },
  ): Promise<PluginPreferences>;
  /** Sets values; all are checked before one is stored. */
  setPreferences(id: string, change: PreferencesChange, call?: DaemonCall): Promise<PluginPreferences>;
  resetPreferences(
    id: string,
    call?: DaemonCall & { account?: string | undefined },
  ): Promise<PluginPreferences>;
  /** Ends only by its signal or with this object; a daemon that goes away is waited for. */
  events(call?: DaemonCall): AsyncGenerator<DaemonNews, void>;
}
