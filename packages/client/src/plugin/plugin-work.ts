import type { InstalledRelease, OfferedRelease } from '@jami-plugin-store/contract';
import type { PluginEvent } from './plugin-machine-setup.js';

/** What the user allows for one install, beyond asking for it. */
export interface InstallConsent {
  /** Digest of the new publisher's organization, after `PUBLISHER_CHANGED`. */
  acceptPublisher?: string | undefined;
  /** The same or an older version; never skips a check of trust. */
  force?: boolean | undefined;
  /** Exactly this version, an older one included; else what the store offers now. */
  version?: string | undefined;
  /** With `version`: only as an update, never in place of that version or a higher one that came meanwhile. */
  onlyHigher?: boolean | undefined;
}

export interface DownloadedArchive {
  path: string;
  sha256: string;
  /** The name of this install, in the daemon's events and in traces. */
  job: string;
}

/** How running work tells the machine how far it is. */
type Report = (event: PluginEvent) => void;

export interface DownloadInput {
  id: string;
  consent: InstallConsent;
  report: Report;
}
export interface InstallInput {
  id: string;
  archive: DownloadedArchive;
  target: OfferedRelease;
  /** The version it takes the place of. */
  installed: string | undefined;
  consent: InstallConsent;
  report: Report;
}
export interface UninstallInput {
  id: string;
}
export interface RollbackInput {
  id: string;
}

/** The work a machine has done for it; its signal is aborted when the machine leaves the state that asked for it. */
export interface PluginWork {
  /** Finds out what the store offers now (reported as `download.target`) and downloads it. */
  download(input: DownloadInput, signal: AbortSignal): Promise<DownloadedArchive>;
  install(input: InstallInput, signal: AbortSignal): Promise<InstalledRelease>;
  uninstall(input: UninstallInput, signal: AbortSignal): Promise<void>;
  /** Back to the version kept before the installed one. */
  rollback(input: RollbackInput, signal: AbortSignal): Promise<InstalledRelease>;
}
