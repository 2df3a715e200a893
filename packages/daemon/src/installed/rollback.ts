import { type AskRevocation, judgeRevocationAgain, type RevocationMode } from '@jami-plugin-store/trust';
import { DaemonError } from '../error.js';
import type { CommitPlace } from '../install/commit.js';
import { recordedPlugin } from './absence.js';
import { replaceFile } from './durable-file.js';
import { findPlugin } from './find-plugin.js';
import { encodeRecord, type InstallRecord, readRecord, recordedPath } from './record.js';
import { assertTree } from './verify-tree.js';

export interface RollbackContext extends CommitPlace {
  readonly clock: () => Date;
  readonly at: Date | undefined;
  readonly revocation: RevocationMode;
  /** Asks afresh. */
  readonly ask: AskRevocation;
}

export interface RollbackOutcome {
  /** What is installed now. */
  readonly record: InstallRecord;
  /** Version it replaced, kept in its turn. */
  readonly from: string;
}

/**
 * Goes back to the version kept before the installed one, after its files have been verified and its certificates asked about afresh. The
 * version left is kept, so that a second rollback undoes the first. The rename of the link is the commit; the caller holds the plugin's queue.
 * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | NO_PREVIOUS_VERSION | RECORD_DAMAGED | FILES_CHANGED, those of the disk
 * @throws {TrustError} CERTIFICATE_REVOKED | CERTIFICATE_STATUS_UNKNOWN | why nobody could be asked
 */
export async function rollbackPlugin(context: RollbackContext, id: string): Promise<RollbackOutcome> {
  const { disk, layout, links } = context;
  const { record: left, tree: leftTree } = recordedPlugin(await findPlugin(context, id), id);
  const tree = left.previous?.tree;
  if (tree === undefined)
    throw new DaemonError('NO_PREVIOUS_VERSION', `No version before ${id} ${left.version} is kept.`, {
      plugin: { id, version: left.version },
    });
  const kept = await readRecord(disk, layout.record(id, tree), id);
  await assertTree(disk, layout, kept, tree);
  await assertNotRevoked(context, kept);

  const record = { ...kept, previous: { tree: leftTree, version: left.version } };
  // Before the switch: whichever tree is active after a crash, its record names the other one, so that both are kept.
  await replaceFile(disk, layout, layout.record(id, tree), encodeRecord(record));
  await links.activate(id, tree);
  try {
    await disk.syncDirectory(layout.plugins);
    // What was found out about it when it was active before; all of it has just been asked again.
    if ((await disk.kindOf(layout.standing(id, tree))) !== 'absent')
      await disk.remove(layout.standing(id, tree));
    await context.retirement.retire(id);
  } catch (error) {
    context.onLeftover(error, id);
  }
  return { record, from: left.version };
}

async function assertNotRevoked(context: RollbackContext, record: InstallRecord): Promise<void> {
  const { at, clock, revocation, ask } = context;
  const standings = await judgeRevocationAgain(recordedPath(record), { at: at ?? clock(), revocation, ask });
  // A revocation is certain, a silence is not.
  const worst =
    standings.find(({ status }) => status === 'revoked') ?? standings.find((s) => s.refusal !== undefined);
  if (worst?.refusal !== undefined) throw worst.refusal;
}
