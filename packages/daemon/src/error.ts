import type { ErrorRow } from '@jami-plugin-store/contract';
import type { Publisher } from '@jami-plugin-store/trust';

/** Every reason of the daemon's own. What the package or its certificates did wrong keeps the code of `jpl` and `trust`. */
export type DaemonErrorCode =
  | DecisionErrorCode
  | DiskErrorCode
  | RequestErrorCode
  | LoadErrorCode
  | PreferenceErrorCode
  | 'DATA_DIR_BUSY'
  | 'DAEMON_CLOSED'
  | 'PLUGIN_NOT_INSTALLED'
  | 'RECORD_DAMAGED'
  | 'FILES_CHANGED'
  | 'PACKAGE_CHANGED_WHILE_READ'
  | 'INSTALL_CANCELLED'
  | 'SOCKET_BUSY'
  | 'SOCKET_FOLDER_UNSAFE'
  | 'DBUS_UNAVAILABLE'
  | 'DBUS_NAME_TAKEN'
  | 'INTERNAL_ERROR';

/** A package of good signatures that may not become the installed one. */
type DecisionErrorCode =
  | 'UNEXPECTED_PLUGIN'
  | 'UNMANAGED_FOLDER'
  | 'PLUGIN_ID_CONFLICT'
  | 'PUBLISHER_CHANGED'
  | 'OTHER_STORE'
  | 'STORE_UNKNOWN'
  | 'SAME_VERSION'
  | 'NEWER_INSTALLED'
  | 'NO_PREVIOUS_VERSION'
  | 'ALREADY_MANAGED';

/** What the file system refused. */
export type DiskErrorCode =
  | 'DISK_FULL'
  | 'PERMISSION_DENIED'
  | 'READ_ONLY'
  | 'TOO_MANY_FILES'
  | 'FILE_NAME_TOO_LONG'
  | 'FILE_TOO_LARGE'
  | 'IO_ERROR';

/** A plugin's library that is not loaded. */
type LoadErrorCode =
  | 'LIBRARY_MISSING'
  | 'LIBRARY_NOT_OPENED'
  | 'LIBRARY_WITHOUT_ENTRY'
  | 'LIBRARY_REFUSED'
  | 'LIBRARY_ABI_UNSUPPORTED'
  | 'LIBRARY_CRASHED'
  | 'LIBRARY_EXITED'
  | 'LIBRARY_TIMED_OUT'
  | 'LIBRARY_MISBEHAVED'
  | 'HOST_NOT_STARTED'
  | 'PLUGINS_DISABLED'
  | 'PLUGIN_NOT_LOADED'
  | 'TOO_MANY_PLUGINS_LOADED'
  | 'NOT_SUPPORTED';

type PreferenceErrorCode =
  | 'ACCOUNT_ID_INVALID'
  | 'PREFERENCE_UNKNOWN'
  | 'PREFERENCE_VALUE_INVALID'
  | 'PREFERENCES_DAMAGED'
  | 'PREFERENCES_TOO_LARGE';

/** A request that the local API could not read or does not take. */
type RequestErrorCode =
  | 'REQUEST_INVALID'
  | 'PATH_NOT_ABSOLUTE'
  | 'ROUTE_NOT_FOUND'
  | 'TRACE_NOT_FOUND'
  | 'BODY_TOO_LARGE'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'NOT_AUTHORIZED'
  | 'TOO_MANY_INSTALLS'
  | 'TOO_MANY_LISTENERS';

/** One row for each code: what it is about (Jami's code follows), its HTTP status, its title. */
export const daemonErrorTable: Readonly<Record<DaemonErrorCode, ErrorRow>> = {
  UNEXPECTED_PLUGIN: { kind: 'structure', status: 422, title: 'Not the plugin that was asked for' },
  UNMANAGED_FOLDER: { kind: 'internal', status: 409, title: 'A folder of another program is in the way' },
  PLUGIN_ID_CONFLICT: { kind: 'structure', status: 409, title: 'An installed plugin has nearly the same id' },
  PUBLISHER_CHANGED: { kind: 'certificate', status: 409, title: 'Published by somebody else' },
  OTHER_STORE: { kind: 'certificate', status: 409, title: 'Installed from another store' },
  STORE_UNKNOWN: { kind: 'certificate', status: 422, title: 'A store this daemon does not know' },
  SAME_VERSION: { kind: 'same-version', status: 409, title: 'This version is installed' },
  NEWER_INSTALLED: { kind: 'older-version', status: 409, title: 'A newer version is installed' },
  NO_PREVIOUS_VERSION: { kind: 'internal', status: 409, title: 'No earlier version is kept' },
  ALREADY_MANAGED: { kind: 'internal', status: 409, title: 'It is no folder of another program' },

  DISK_FULL: { kind: 'internal', status: 507, title: 'The disk is full' },
  PERMISSION_DENIED: { kind: 'internal', status: 500, title: 'No permission' },
  READ_ONLY: { kind: 'internal', status: 500, title: 'The file system is read-only' },
  TOO_MANY_FILES: { kind: 'internal', status: 503, title: 'Too many open files' },
  FILE_NAME_TOO_LONG: { kind: 'internal', status: 422, title: 'A file name is too long for this disk' },
  FILE_TOO_LARGE: { kind: 'internal', status: 507, title: 'A file is larger than allowed' },
  IO_ERROR: { kind: 'internal', status: 500, title: 'The disk could not be read or written' },

  REQUEST_INVALID: { kind: 'internal', status: 400, title: 'The request is not well-formed' },
  PATH_NOT_ABSOLUTE: { kind: 'internal', status: 400, title: 'The path is not absolute' },
  ROUTE_NOT_FOUND: { kind: 'internal', status: 404, title: 'No such address' },
  TRACE_NOT_FOUND: { kind: 'internal', status: 404, title: 'No such install is remembered' },
  BODY_TOO_LARGE: { kind: 'internal', status: 413, title: 'The request is too large' },
  MEDIA_TYPE_UNSUPPORTED: { kind: 'internal', status: 415, title: 'The request is not JSON' },
  NOT_AUTHORIZED: { kind: 'internal', status: 401, title: 'The secret of this daemon is missing or wrong' },
  TOO_MANY_INSTALLS: { kind: 'internal', status: 503, title: 'Too many installs are waiting' },
  TOO_MANY_LISTENERS: { kind: 'internal', status: 503, title: 'Too many event streams are open' },

  LIBRARY_MISSING: { kind: 'structure', status: 409, title: 'The plugin has no library to load' },
  LIBRARY_NOT_OPENED: { kind: 'structure', status: 422, title: 'The library cannot be opened' },
  LIBRARY_WITHOUT_ENTRY: { kind: 'structure', status: 422, title: 'The library is none of a plugin' },
  LIBRARY_REFUSED: { kind: 'structure', status: 422, title: 'The library refused to be loaded' },
  LIBRARY_ABI_UNSUPPORTED: { kind: 'structure', status: 422, title: 'The library is made for another ABI' },
  LIBRARY_CRASHED: { kind: 'internal', status: 422, title: 'The library crashed' },
  LIBRARY_EXITED: { kind: 'internal', status: 422, title: 'The library ended its process' },
  LIBRARY_TIMED_OUT: { kind: 'internal', status: 422, title: 'The library did not answer in time' },
  LIBRARY_MISBEHAVED: { kind: 'internal', status: 422, title: 'The library disturbed its host' },
  HOST_NOT_STARTED: { kind: 'internal', status: 500, title: 'No process for the library' },
  PLUGINS_DISABLED: { kind: 'internal', status: 409, title: 'Plugins are disabled' },
  PLUGIN_NOT_LOADED: { kind: 'internal', status: 409, title: 'The plugin is not loaded' },
  TOO_MANY_PLUGINS_LOADED: { kind: 'internal', status: 503, title: 'Too many plugins are loaded' },
  NOT_SUPPORTED: { kind: 'internal', status: 501, title: 'Needs a running call or chat' },

  ACCOUNT_ID_INVALID: { kind: 'internal', status: 400, title: 'Not the id of an account' },
  PREFERENCE_UNKNOWN: { kind: 'internal', status: 404, title: 'The plugin has no such preference' },
  PREFERENCE_VALUE_INVALID: { kind: 'internal', status: 422, title: 'Not a value of this preference' },
  PREFERENCES_DAMAGED: { kind: 'internal', status: 500, title: 'The stored preferences cannot be read' },
  PREFERENCES_TOO_LARGE: { kind: 'internal', status: 422, title: 'Too much to store as preferences' },

  DATA_DIR_BUSY: { kind: 'internal', status: 409, title: 'Another daemon owns the data folder' },
  DAEMON_CLOSED: { kind: 'internal', status: 503, title: 'The daemon is shutting down' },
  PLUGIN_NOT_INSTALLED: { kind: 'internal', status: 404, title: 'Not installed' },
  RECORD_DAMAGED: { kind: 'internal', status: 500, title: 'The record of an installed plugin is damaged' },
  FILES_CHANGED: { kind: 'signature', status: 409, title: 'Installed files are not as they were signed' },
  PACKAGE_CHANGED_WHILE_READ: {
    kind: 'internal',
    status: 409,
    title: 'The package changed while it was read',
  },
  INSTALL_CANCELLED: { kind: 'internal', status: 409, title: 'Cancelled' },
  SOCKET_BUSY: { kind: 'internal', status: 409, title: 'The socket is in use' },
  SOCKET_FOLDER_UNSAFE: {
    kind: 'internal',
    status: 500,
    title: 'The folder of the socket is open to others',
  },
  DBUS_UNAVAILABLE: { kind: 'internal', status: 503, title: 'The session bus cannot be used' },
  DBUS_NAME_TAKEN: { kind: 'internal', status: 409, title: "Jami's name on the session bus is taken" },
  INTERNAL_ERROR: { kind: 'internal', status: 500, title: 'A defect in this program' },
};

export interface DaemonErrorDetail {
  /** File or folder concerned. */
  path?: string | undefined;
  /** Archive entry or installed file concerned. */
  entry?: string | undefined;
  /** The package's plugin, as proven by its signatures. */
  plugin?: { readonly id: string; readonly version: string } | undefined;
  installedVersion?: string | undefined;
  publisher?: Publisher | undefined;
  installedPublisher?: Publisher | undefined;
  /** How the process of a plugin's library ended. */
  loadEnd?: { readonly signal?: string | undefined; readonly exitCode?: number | undefined } | undefined;
  cause?: unknown;
}

/** A refusal or failure of the daemon: a code to act on, what it concerns, a sentence for people. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';
  readonly code: DaemonErrorCode;
  readonly path: string | undefined;
  readonly entry: string | undefined;
  readonly plugin: { readonly id: string; readonly version: string } | undefined;
  readonly installedVersion: string | undefined;
  readonly publisher: Publisher | undefined;
  readonly installedPublisher: Publisher | undefined;
  readonly loadEnd: DaemonErrorDetail['loadEnd'];

  constructor(code: DaemonErrorCode, message: string, detail: DaemonErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.path = detail.path;
    this.entry = detail.entry;
    this.plugin = detail.plugin;
    this.installedVersion = detail.installedVersion;
    this.publisher = detail.publisher;
    this.installedPublisher = detail.installedPublisher;
    this.loadEnd = detail.loadEnd;
  }
}
