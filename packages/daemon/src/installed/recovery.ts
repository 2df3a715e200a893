import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { journalName, type Layout, preferencesName, recordSuffix } from './layout.js';
import type { LinkSwitch } from './link-switch.js';
import { readRecord } from './record.js';

/**
 * Brings a data folder to rest after a crash: ends interrupted switches, empties staging, deletes every tree that is neither
 * active nor previous. Runs under the folder's lock, before anything else. Never touches what another program left.
 */
export async function recover(disk: Disk, layout: Layout, links: LinkSwitch): Promise<void> {
  await disk.makeDirectory(layout.versions);
  await disk.makeDirectory(layout.staging, 0o700);
  for (const id of await disk.list(layout.versions)) {
    if ((await disk.kindOf(layout.home(id))) !== 'directory') continue;
    await links.recover(id);
    await removeUnused(disk, layout, links, id);
  }
  for (const name of await disk.list(layout.staging)) await disk.removeTree(join(layout.staging, name));
}

/** Deletes a plugin's trees that are neither active nor previous, and everything where it is not installed at all. */
export async function removeUnused(disk: Disk, layout: Layout, links: LinkSwitch, id: string): Promise<void> {
  const active = await links.active(id);
  // Another program replaced our link: its folder may come to need the preferences kept here.
  if (active === 'foreign') return;
  if (active === undefined) return disk.removeTree(layout.home(id));
  const keep = new Set([preferencesName, journalName, active.tree, active.tree + recordSuffix]);
  const previous = await previousOf(disk, layout, id, active.tree);
  if (previous === 'unknown') return;
  if (previous !== undefined) keep.add(previous).add(previous + recordSuffix);
  for (const name of await disk.list(layout.home(id))) {
    if (!keep.has(name)) await disk.removeTree(join(layout.home(id), name));
  }
}

/** `unknown` when the active record is damaged: then nothing is deleted that might be the way back. */
async function previousOf(disk: Disk, layout: Layout, id: string, tree: string): Promise<string | undefined> {
  try {
    return (await readRecord(disk, layout.record(id, tree), id)).previous?.tree;
  } catch {
    return 'unknown';
  }
}
