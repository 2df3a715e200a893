export {
  createDaemon,
  type Daemon,
  type DaemonLimits,
  type DaemonLogger,
  type DaemonOptions,
} from './daemon.js';
export { type DBusOptions, type DBusServer, serveDBus } from './dbus/serve-dbus.js';
export { type Disk, type DiskFile, nodeDisk, type PathKind } from './disk/disk.js';
export { DaemonError, type DaemonErrorCode, type DaemonErrorDetail, daemonErrorTable } from './error.js';
export { type ErrorOutcome, errorOutcome, type TypedError, typedError } from './error-outcome.js';
export type { EventLog } from './events/event-log.js';
export { publisherIdentity } from './install/decide.js';
export type { InstallOutcome, InstallRequest } from './install/install-package.js';
export { readOrMakeSecret, secretForCallers, secretPathOf } from './server/pipe-secret.js';
export { type DaemonServer, type ServeOptions, serveDaemon } from './server/serve-daemon.js';
export { assertOwnSocket } from './server/socket-listener.js';
export { privateSocketPath, type SocketPlace, socketPathOf } from './server/socket-path.js';
export type { UninstallOutcome } from './uninstall.js';
