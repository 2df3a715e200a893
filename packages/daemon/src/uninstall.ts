import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { assertPluginId } from '@jami-plugin-store/jpl';
import type { CommitPlace } from './install/commit.js';
import { notInstalled, unmanaged } from './installed/absence.js';
import { findPlugin } from './installed/find-plugin.js';
import { isAccountId } from './preferences/account-id.js';

export interface UninstallOutcome {
  readonly id: string;
  /** Undefined where its record could not be read. */
  readonly version: string | undefined;
  readonly publisher: string | undefined;
}

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
  if (found.state === 'unmanaged') throw unmanaged(found.folder);
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
  const { record } = found;
  return { id, version: record?.version, publisher: record?.publisher.name };
}

/** `<data dir>/<account>/plugins/<id>`; folders reached by a link are not ours to empty. */
async function removeAccountValues({ disk, layout }: CommitPlace, id: string): Promise<void> {
  for (const name of await disk.list(layout.dataDir)) {
    if (!isAccountId(name)) continue;
    const folders = [name, join(name, 'plugins'), join(name, 'plugins', id)];
    const kinds = await Promise.all(folders.map((folder) => disk.kindOf(join(layout.dataDir, folder))));
    if (kinds.every((kind) => kind === 'directory'))
      await disk.removeTree(join(layout.dataDir, name, 'plugins', id));
  }
}
