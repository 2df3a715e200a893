import { join } from 'node:path';
import { signatureMapName, signatureOfMapName } from '@jami-plugin-store/jpl';
import type { VerifiedPlugin } from '@jami-plugin-store/trust';
import type { Disk } from '../disk/disk.js';
import { DaemonError } from '../error.js';
import { unmanaged } from '../installed/absence.js';
import { type Layout, preferencesName, recordSuffix, treeName } from '../installed/layout.js';
import type { LinkSwitch } from '../installed/link-switch.js';
import {
  encodeRecord,
  type InstallRecord,
  type JudgedPlugin,
  type RecordFacts,
  readRecord,
  recordOf,
} from '../installed/record.js';
import { removeUnused } from '../installed/recovery.js';
import type { Retirement } from '../installed/retirement.js';
import { disabledReason, readStanding } from '../installed/standing.js';
import { assertMayReplace, type InstallWish } from './decide.js';
import type { Staging } from './staging.js';

/** The part of the daemon that a commit works with. */
export interface CommitPlace {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly links: LinkSwitch;
  readonly system: NodeJS.Platform;
  readonly retirement: Retirement;
  /** Told of what went wrong after the commit, where nothing is lost by it: recovery does it again. */
  readonly onLeftover: (error: unknown, id: string) => void;
}

export interface CommitFacts extends Omit<RecordFacts, 'previous' | 'store' | 'sha256'> {
  readonly sha256: string;
  /** Nothing forbids it any more to become the installed one; nothing is changed yet. */
  readonly onDecided: () => void;
}

/** What stood at the plugin's place before. */
export interface Installed {
  readonly tree: string;
  readonly record: InstallRecord;
  readonly isDisabled: boolean;
}

/** MessagePack of an empty map: preferences that nobody has set. */
const emptyPreferences = Buffer.from([0x80]);

/**
 * Decides about a verified package and makes its staged tree the active one. The rename of the link is the commit: before it
 * nothing has changed for anybody, after it only cleaning up is left. The caller holds the plugin's queue.
 * @returns the record written, and what it replaced
 * @throws {DaemonError} what `assertMayReplace` throws, PLUGIN_ID_CONFLICT, UNMANAGED_FOLDER, RECORD_DAMAGED
 */
export async function commit(
  place: CommitPlace,
  plugin: VerifiedPlugin,
  staging: Staging,
  wish: InstallWish,
  { onDecided, ...facts }: CommitFacts,
): Promise<{ record: InstallRecord; replaced: Installed | undefined }> {
  const { disk, layout, links } = place;
  const installed = await findInstalled(place, plugin.id);
  if (installed !== undefined) assertMayReplace(plugin, installed, wish);
  onDecided();
  const record = recordOf(plugin, {
    ...facts,
    store: wish.store ?? installed?.record.store,
    previous: wayBack(installed),
  });
  try {
    await makeHome(place, plugin.id, staging);
    await completeTree(place, plugin, staging);
    const tree = await freeTreeName(place, record, facts.sha256);
    await moveIn(place, record, tree, staging);
    await links.activate(plugin.id, tree);
  } catch (error) {
    // Whatever was moved in is not active: it goes again, and the home with it where nothing was installed.
    await removeUnused(place, plugin.id).catch((e: unknown) => place.onLeftover(e, plugin.id));
    throw error;
  }
  try {
    await disk.syncDirectory(layout.plugins);
    await place.retirement.retire(plugin.id);
  } catch (error) {
    place.onLeftover(error, plugin.id);
  }
  return { record, replaced: installed };
}

/**
 * The installed plugin of this id.
 * @throws {DaemonError} PLUGIN_ID_CONFLICT | UNMANAGED_FOLDER | RECORD_DAMAGED
 */
async function findInstalled(
  { disk, layout, links }: Pick<CommitPlace, 'disk' | 'layout' | 'links'>,
  id: string,
): Promise<Installed | undefined> {
  await assertIdIsFree(disk, layout, id);
  const active = await links.active(id);
  if (active === undefined) return undefined;
  if (active === 'foreign') throw unmanaged(layout.link(id));
  const record = await readRecord(disk, layout.record(id, active.tree), id);
  const standing = await readStanding(disk, layout, id, active.tree);
  return { tree: active.tree, record, isDisabled: disabledReason(standing, false) !== undefined };
}

/** @throws {DaemonError} PLUGIN_ID_CONFLICT */
export async function assertIdIsFree(disk: Disk, layout: Layout, id: string): Promise<void> {
  const similar = (await disk.list(layout.plugins)).find(
    (name) => name !== id && name.toLowerCase() === id.toLowerCase(),
  );
  if (similar !== undefined) {
    throw new DaemonError(
      'PLUGIN_ID_CONFLICT',
      `${id} cannot be installed beside ${similar}: the ids differ in upper and lower case only.`,
    );
  }
}

/** What is kept for rollback: the version replaced, or where that one is disabled and so no way back, the one before it. */
function wayBack(installed: Installed | undefined): InstallRecord['previous'] {
  if (installed === undefined) return undefined;
  const { tree, record, isDisabled } = installed;
  return isDisabled ? record.previous : { tree, version: record.version };
}

/** Adds what verifies the files later, which nothing signs entry by entry, and the preferences; then makes all of it durable. */
export async function completeTree(
  place: CommitPlace,
  { id, evidence }: JudgedPlugin,
  staging: Staging,
): Promise<void> {
  await staging.add(signatureMapName, evidence.signatures);
  await staging.add(signatureOfMapName, evidence.signaturesSig);
  await staging.add(`${id}.crt`, evidence.certificatePem);
  await addPreferences(place, id, staging);
  await staging.sync();
}

export async function makeHome({ disk, layout }: CommitPlace, id: string, staging: Staging): Promise<void> {
  if ((await disk.kindOf(layout.home(id))) === 'absent') {
    await disk.makeDirectory(layout.home(id));
    await disk.syncDirectory(layout.versions);
  }
  if ((await disk.kindOf(layout.preferences(id))) !== 'absent') return;
  // Written beside and renamed: a crash must not leave a file of preferences that is empty, which nobody could read.
  const waiting = `${staging.tree}.${preferencesName}`;
  await disk.writeFile(waiting, emptyPreferences);
  await disk.syncFile(waiting);
  await disk.rename(waiting, layout.preferences(id));
}

/** Each tree sees the same preferences; they outlive updates. */
async function addPreferences({ disk, layout, system }: CommitPlace, id: string, staging: Staging) {
  const name = join(staging.tree, preferencesName);
  // On Windows a link to a file needs a privilege; a second name of the same file does not.
  if (system === 'win32') await disk.link(layout.preferences(id), name);
  else await disk.symlink(join('..', preferencesName), name, 'file');
}

/** @param digest SHA-256 of what the tree came from, lowercase hex */
export async function freeTreeName(
  { disk, layout }: CommitPlace,
  { id, version }: InstallRecord,
  digest: string,
): Promise<string> {
  return treeName(version, digest, new Set(await disk.list(layout.home(id))));
}

/** The record goes in before the tree, so that no tree is ever without one. */
export async function moveIn(
  { disk, layout }: CommitPlace,
  record: InstallRecord,
  tree: string,
  staging: Staging,
): Promise<void> {
  await disk.writeFile(staging.tree + recordSuffix, encodeRecord(record));
  await disk.syncFile(staging.tree + recordSuffix);
  await disk.rename(staging.tree + recordSuffix, layout.record(record.id, tree));
  await disk.rename(staging.tree, layout.tree(record.id, tree));
  await disk.syncDirectory(layout.home(record.id));
}
