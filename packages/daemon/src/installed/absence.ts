import { DaemonError } from '../error.js';
import type { FoundPlugin } from './find-plugin.js';

/** Where there is no plugin of the daemon's to work on. */
export function notInstalled(id: string): DaemonError {
  return new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed.`);
}

export function unmanaged(folder: string): DaemonError {
  return new DaemonError(
    'UNMANAGED_FOLDER',
    `${folder} was put there by another program; it is left alone.`,
    { path: folder },
  );
}

/**
 * The record and the tree of an installed plugin.
 * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | RECORD_DAMAGED
 */
export function recordedPlugin(found: FoundPlugin | undefined, id: string) {
  if (found === undefined) throw notInstalled(id);
  const { state, folder, record, tree, reason } = found;
  if (state === 'unmanaged') throw unmanaged(folder);
  if (record !== undefined && tree !== undefined) return { record, tree };
  throw new DaemonError('RECORD_DAMAGED', `${id} is damaged: ${reason ?? 'it has no record'}`, {
    path: folder,
  });
}
