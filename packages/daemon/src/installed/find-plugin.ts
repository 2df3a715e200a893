import { join } from 'node:path';
import { type Manifest, manifestName, maxManifestBytes, parseManifest } from '@jami-plugin-store/jpl';
import type { Disk } from '../disk/disk.js';
import type { Layout } from './layout.js';
import type { LinkSwitch } from './link-switch.js';
import { type InstallRecord, readRecord } from './record.js';
import { disabledReason, readStanding, type Standing } from './standing.js';

export interface InstalledPlace {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly links: LinkSwitch;
}

/** What stands at one plugin's place, as far as it can be read. */
export interface FoundPlugin {
  readonly id: string;
  readonly state: 'installed' | 'disabled' | 'unmanaged' | 'damaged';
  /** Folder that holds the files now; the install root is the link to it. */
  readonly folder: string;
  readonly tree?: string | undefined;
  readonly record?: InstallRecord | undefined;
  readonly manifest?: Manifest | undefined;
  /** What the watch found out since the install. */
  readonly standing?: Standing | undefined;
  /** Why it is damaged or disabled, or what is to be said about it otherwise. */
  readonly reason?: string | undefined;
}

/** One plugin, or undefined where there is none. */
export async function findPlugin(place: InstalledPlace, id: string): Promise<FoundPlugin | undefined> {
  const { disk, layout, links } = place;
  const active = await links.active(id);
  if (active === undefined) return undefined;
  if (active === 'foreign') return findUnmanaged(disk, layout, id);
  const folder = layout.tree(id, active.tree);
  const record = await readRecord(disk, layout.record(id, active.tree), id).catch((error: Error) => error);
  const manifest = await readManifest(disk, folder).catch((error: Error) => error);
  const standing = await readStanding(disk, layout, id, active.tree);
  return {
    id,
    ...judgeState(record, manifest, standing),
    folder,
    tree: active.tree,
    standing,
    record: record instanceof Error ? undefined : record,
    manifest: manifest instanceof Error ? undefined : manifest,
  };
}

/** Nothing is known about a plugin without a record. With one, why it was disabled says more than that a file cannot be read. */
function judgeState(
  record: InstallRecord | Error,
  manifest: Manifest | Error,
  standing: Standing | undefined,
): Pick<FoundPlugin, 'state' | 'reason'> {
  if (record instanceof Error) return { state: 'damaged', reason: record.message };
  const disabled = disabledReason(standing, record.previous !== undefined);
  if (disabled !== undefined) return { state: 'disabled', reason: disabled.message };
  if (manifest instanceof Error) return { state: 'damaged', reason: manifest.message };
  return { state: 'installed', reason: standing?.unanswered?.message };
}

/** A folder of another program counts as a plugin when it has a manifest; what that says is shown, never acted on. */
async function findUnmanaged(disk: Disk, layout: Layout, id: string): Promise<FoundPlugin | undefined> {
  const folder = layout.link(id);
  if ((await disk.kindOf(join(folder, manifestName))) !== 'file') return undefined;
  const manifest = await readManifest(disk, folder).catch(() => undefined);
  return { id, state: 'unmanaged', folder, manifest };
}

async function readManifest(disk: Disk, folder: string): Promise<Manifest> {
  return parseManifest(await disk.readFile(join(folder, manifestName), maxManifestBytes));
}
