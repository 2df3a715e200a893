import { createHash } from 'node:crypto';
import { assertPluginId } from '@jami-plugin-store/jpl';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import { DaemonError } from '../error.js';
import { notInstalled, unmanaged } from '../installed/absence.js';
import { abandonAdoption, beginAdoption, exchangeFolder } from '../installed/adoption.js';
import { findPlugin } from '../installed/find-plugin.js';
import { type InstallRecord, recordOf } from '../installed/record.js';
import { verifyFolder } from './adopted-folder.js';
import { assertIdIsFree, type CommitPlace, completeTree, freeTreeName, makeHome, moveIn } from './commit.js';
import type { KeyQueue } from './key-queue.js';
import type { Staging } from './staging.js';

export interface AdoptContext extends CommitPlace {
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly platform: string;
  readonly clock: () => Date;
  readonly at: Date | undefined;
  readonly queue: KeyQueue;
}

const maxPreferencesBytes = 16 * 1024 * 1024;

/**
 * Makes a plain folder that another program left in the plugins folder an installed plugin: judged like a package, by the certificate and
 * the signatures that stand in it, as a Jami install leaves them. What is installed afterwards are the very bytes that were verified, copied; its values
 * are taken over.
 * @throws {DaemonError} PLUGIN_NOT_INSTALLED | ALREADY_MANAGED | UNMANAGED_FOLDER (a link) | PLUGIN_ID_CONFLICT | FILES_CHANGED (missing or extra)
 * @throws {JplError | TrustError} what is wrong with its certificate, signatures, files or manifest
 */
export async function adoptPlugin(
  context: AdoptContext,
  id: string,
  adopted: (record: InstallRecord) => Promise<void>,
  signal?: AbortSignal,
): Promise<InstallRecord> {
  assertPluginId(id);
  await assertAdoptable(context, id);
  const { plugin, staging, libraries } = await verifyFolder(context, id, signal);
  try {
    return await context.queue.run(id.toLowerCase(), async () => {
      signal?.throwIfAborted();
      await assertAdoptable(context, id);
      const { platform } = context;
      const facts = { platform, libraries, store: undefined, previous: undefined };
      const record = recordOf(plugin, { ...facts, installedAt: context.clock() });
      await exchange(context, record, plugin, staging);
      await adopted(record);
      return record;
    });
  } finally {
    await staging.discard().catch((error: unknown) => context.onLeftover(error, id));
  }
}

async function assertAdoptable(context: AdoptContext, id: string): Promise<void> {
  const { disk, layout } = context;
  const found = await findPlugin(context, id);
  if (found === undefined) throw notInstalled(id);
  if (found.state !== 'unmanaged')
    throw new DaemonError('ALREADY_MANAGED', `${id} is installed by this daemon already.`, {
      path: found.folder,
    });
  // A link leads to a place that is not this daemon's to empty.
  if ((await disk.kindOf(found.folder)) !== 'directory') throw unmanaged(found.folder);
  await assertIdIsFree(disk, layout, id);
}

async function exchange(
  context: AdoptContext,
  record: InstallRecord,
  plugin: Parameters<typeof recordOf>[0],
  staging: Staging,
): Promise<void> {
  const { disk, layout } = context;
  const { id } = record;
  const isNew = (await disk.kindOf(layout.home(id))) === 'absent';
  if (isNew) await disk.makeDirectory(layout.home(id));
  const digest = createHash('sha256').update(plugin.evidence.signatures).digest('hex');
  const tree = await freeTreeName(context, record, digest);
  try {
    await beginAdoption(context, id, { tree, isNew });
    await takePreferences(context, id, staging);
    await makeHome(context, id, staging);
    await completeTree(context, plugin, staging);
    await moveIn(context, record, tree, staging);
    await disk.syncDirectory(layout.versions);
    await exchangeFolder(context, id, tree);
  } catch (error) {
    if ((await context.links.active(id).catch(() => undefined)) === 'foreign')
      await abandonAdoption(context, id, { tree, isNew }).catch((e: unknown) => context.onLeftover(e, id));
    throw error;
  }
}

/** The folder's values, if it has any, take the place of those from before, which are kept until the folder is exchanged. */
async function takePreferences({ disk, layout }: AdoptContext, id: string, staging: Staging): Promise<void> {
  const values = `${layout.link(id)}/preferences.msgpack`;
  if ((await disk.kindOf(values)) !== 'file') return;
  const waiting = `${staging.tree}.adopted`;
  await disk.writeFile(waiting, await disk.readFile(values, maxPreferencesBytes));
  await disk.syncFile(waiting);
  if ((await disk.kindOf(layout.preferences(id))) !== 'absent')
    await disk.rename(layout.preferences(id), layout.replacedPreferences(id));
  await disk.rename(waiting, layout.preferences(id));
}
