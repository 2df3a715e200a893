import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { recoverAdoption } from './adoption.js';
import type { InstalledPlace } from './find-plugin.js';
import {
  damagedPreferencesPrefix,
  journalName,
  type Layout,
  preferencesName,
  recordSuffix,
  standingSuffix,
} from './layout.js';
import { readRecord } from './record.js';

export interface RecoveryPlace extends InstalledPlace {
  /** Told what could not be removed: it is in nobody's way, and the next start tries again. */
  readonly onLeftover: (error: unknown, about: string) => void;
}

/**
 * Brings a data folder to rest after a crash: ends interrupted switches, empties staging, deletes every tree that is neither
 * active nor previous. Runs under the folder's lock, before anything else. Never touches what another program left. What cannot be
 * deleted (on Windows a library that some process has loaded) stays, and holds up no start.
 */
export async function recover(place: RecoveryPlace): Promise<void> {
  const { disk, layout, links, onLeftover } = place;
  await disk.makeDirectory(layout.versions);
  await disk.makeDirectory(layout.staging, 0o700);
  for (const id of await disk.list(layout.versions)) {
    if ((await disk.kindOf(layout.home(id))) !== 'directory') continue;
    await links.recover(id);
    await recoverAdoption(place, id);
    await removeUnused(place, id).catch((error: unknown) => onLeftover(error, id));
  }
  for (const name of await disk.list(layout.staging)) {
    const path = join(layout.staging, name);
    await disk.removeTree(path).catch((error: unknown) => onLeftover(error, path));
  }
}

/**
 * Deletes a plugin's trees that are neither active nor previous, and everything where it is not installed at all.
 * @param only where given, nothing else is deleted
 */
export async function removeUnused(
  place: InstalledPlace,
  id: string,
  only?: ReadonlySet<string>,
): Promise<void> {
  const { disk, layout } = place;
  if ((await disk.kindOf(layout.home(id))) === 'absent') return;
  const isInstalled = (await place.links.active(id)) !== undefined;
  if (!isInstalled) {
    // Between two junctions: what to make of it is recovery's to say.
    if ((await disk.kindOf(layout.journal(id))) !== 'absent') return;
    return disk.removeTree(layout.home(id));
  }
  for (const name of await unusedNames(place, id)) {
    if (only === undefined || only.has(name)) await disk.removeTree(join(layout.home(id), name));
  }
}

/** Names in an installed plugin's home that neither the active nor the previous tree needs. */
export async function unusedNames({ disk, layout, links }: InstalledPlace, id: string): Promise<string[]> {
  const active = await links.active(id);
  // Another program replaced our link: its folder may come to need the preferences kept here.
  if (active === 'foreign' || active === undefined) return [];
  const keep = new Set([preferencesName, journalName, ...namesOf(active.tree)]);
  const previous = await previousOf(disk, layout, id, active.tree);
  if (previous === 'unknown') return [];
  if (previous !== undefined) for (const name of namesOf(previous)) keep.add(name);
  const isKept = (name: string): boolean => keep.has(name) || name.startsWith(damagedPreferencesPrefix);
  return (await disk.list(layout.home(id))).filter((name) => !isKept(name));
}

/** A tree and what stands beside it. */
function namesOf(tree: string): string[] {
  return [tree, tree + recordSuffix, tree + standingSuffix];
}

/** `unknown` when the active record is damaged: then nothing is deleted that might be the way back. */
async function previousOf(disk: Disk, layout: Layout, id: string, tree: string): Promise<string | undefined> {
  try {
    return (await readRecord(disk, layout.record(id, tree), id)).previous?.tree;
  } catch {
    return 'unknown';
  }
}
