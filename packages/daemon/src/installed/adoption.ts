import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isAbsent } from '../disk/disk.js';
import { replaceFile } from './durable-file.js';
import type { InstalledPlace } from './find-plugin.js';
import { linkTarget, treeOfTarget } from './layout.js';

/**
 * A folder cannot be exchanged for a link in one step. So what is to become of it is written down first; moving the folder away is the
 * commit, and recovery finishes what follows it, or undoes what came before it.
 */
interface Adoption {
  readonly tree: string;
  /** Nothing of this plugin was kept before: undone, nothing remains. */
  readonly isNew: boolean;
}

export async function beginAdoption(place: InstalledPlace, id: string, adoption: Adoption): Promise<void> {
  const { disk, layout } = place;
  await replaceFile(disk, layout, layout.adoption(id), Buffer.from(JSON.stringify(adoption)));
}

/** The commit, and all after it. What it throws before the commit leaves the folder where it was. */
export async function exchangeFolder(place: InstalledPlace, id: string, tree: string): Promise<void> {
  const { disk, layout } = place;
  const aside = join(layout.staging, randomBytes(16).toString('hex'));
  await disk.rename(layout.link(id), aside);
  try {
    await finish(place, id, tree);
  } catch (error) {
    // As it was, if it can be; else recovery finds the journal, and finishes.
    await disk.rename(aside, layout.link(id)).catch(() => undefined);
    throw error;
  }
  await disk.removeTree(aside);
}

async function finish(place: InstalledPlace, id: string, tree: string): Promise<void> {
  const { disk, layout, links } = place;
  if ((await links.active(id)) === undefined) await links.activate(id, tree);
  if ((await disk.kindOf(layout.replacedPreferences(id))) !== 'absent')
    await disk.remove(layout.replacedPreferences(id));
  await disk.syncDirectory(layout.plugins);
  await disk.remove(layout.adoption(id));
}

/** Undoes an adoption that was not committed; the folder stands where it stood. */
export async function abandonAdoption(
  { disk, layout }: InstalledPlace,
  id: string,
  { tree, isNew }: Adoption,
): Promise<void> {
  if (isNew) return disk.removeTree(layout.home(id));
  await disk.removeTree(layout.tree(id, tree));
  if ((await disk.kindOf(layout.replacedPreferences(id))) !== 'absent')
    await disk.rename(layout.replacedPreferences(id), layout.preferences(id));
  for (const path of [layout.record(id, tree), layout.adoption(id)])
    if ((await disk.kindOf(path)) !== 'absent') await disk.remove(path);
}

/** Ends an adoption that a crash interrupted. */
export async function recoverAdoption(place: InstalledPlace, id: string): Promise<void> {
  const { disk, layout, links } = place;
  const active = await links.active(id);
  const adoption = await readAdoption(place, id);
  if (adoption === undefined) {
    // Made for an adoption that came no further.
    const isEmpty = active === 'foreign' && (await disk.list(layout.home(id))).length === 0;
    if (isEmpty) await disk.removeTree(layout.home(id));
    return;
  }
  if (active === 'foreign') return abandonAdoption(place, id, adoption);
  const isThere = (await disk.kindOf(layout.tree(id, adoption.tree))) === 'directory';
  if (isThere) await finish(place, id, adoption.tree);
  else await disk.remove(layout.adoption(id));
}

async function readAdoption({ disk, layout }: InstalledPlace, id: string): Promise<Adoption | undefined> {
  try {
    const journal: unknown = JSON.parse((await disk.readFile(layout.adoption(id), 4096)).toString('utf8'));
    const { tree, isNew } = (journal ?? {}) as { tree?: unknown; isNew?: unknown };
    if (typeof tree !== 'string' || treeOfTarget(id, linkTarget(id, tree), layout) !== tree) return undefined;
    return { tree, isNew: isNew === true };
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
