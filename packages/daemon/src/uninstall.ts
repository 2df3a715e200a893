import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { assertPluginId } from '@jami-plugin-store/jpl';
import { DaemonError } from './error.js';
import type { CommitPlace } from './install/commit.js';
import { findPlugin } from './installed/find-plugin.js';

export interface UninstallOutcome {
  readonly id: string;
  /** Undefined where its record could not be read. */
  readonly version: string | undefined;
}

const accountId = /^[A-Za-z0-9]{1,64}$/;

/**
 * Removes a plugin, its versions and its preferences, as Jami does. Taking the link away is the commit; what follows is finished by
 * recovery where it was interrupted. The caller holds the plugin's queue.
 * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER
 * @throws {JplError} PLUGIN_ID_INVALID
 */
export async function uninstallPlugin(place: CommitPlace, id: string): Promise<UninstallOutcome> {
  assertPluginId(id);
  const { disk, layout, links } = place;
  const found = await findPlugin(place, id);
  if (found === undefined) throw notInstalled(id);
  if (found.state === 'unmanaged') {
    throw new DaemonError(
      'UNMANAGED_FOLDER',
      `${found.folder} was put there by another program; it is left alone.`,
      { path: found.folder },
    );
  }
  await links.deactivate(id);
  try {
    await disk.syncDirectory(layout.plugins);
    const leaving = join(layout.staging, randomBytes(16).toString('hex'));
    await disk.rename(layout.home(id), leaving);
    await disk.removeTree(leaving);
    await removeAccountValues(place, id);
  } catch (error) {
    place.onLeftover(error, id);
  }
  return { id, version: found.record?.version };
}

export function notInstalled(id: string): DaemonError {
  return new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed.`);
}

/** `<data dir>/<account>/plugins/<id>`; folders reached by a link are not ours to empty. */
async function removeAccountValues({ disk, layout }: CommitPlace, id: string): Promise<void> {
  for (const name of await disk.list(layout.dataDir)) {
    if (!accountId.test(name) || name === 'plugins' || name === 'jpl') continue;
    const folders = [name, join(name, 'plugins'), join(name, 'plugins', id)];
    const kinds = await Promise.all(folders.map((folder) => disk.kindOf(join(layout.dataDir, folder))));
    if (kinds.every((kind) => kind === 'directory'))
      await disk.removeTree(join(layout.dataDir, name, 'plugins', id));
  }
}
