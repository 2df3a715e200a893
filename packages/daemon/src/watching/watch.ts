import type { ActivityEntry, CheckReport } from '@jami-plugin-store/contract';
import { assertPluginId } from '@jami-plugin-store/jpl';
import {
  type AskRevocation,
  judgeRevocationAgain,
  type RevocationMode,
  type RevocationStanding,
  TrustError,
} from '@jami-plugin-store/trust';
import type { Announcer } from '../activity/announcer.js';
import { DaemonError } from '../error.js';
import type { KeyQueue } from '../install/key-queue.js';
import { notInstalled, recordedPlugin } from '../installed/absence.js';
import { findPlugin, type InstalledPlace } from '../installed/find-plugin.js';
import { given, type InstallRecord, recordedPath } from '../installed/record.js';
import { disabledReason, type Standing, writeStanding } from '../installed/standing.js';
import { type TreeFault, verifyTree } from '../installed/verify-tree.js';
import { weighFindings } from './weigh-findings.js';

export interface WatchContext extends InstalledPlace {
  readonly queue: KeyQueue;
  readonly announcer: Announcer;
  readonly clock: () => Date;
  /** A fixed instant of judgement. */
  readonly at: Date | undefined;
  readonly revocation: RevocationMode;
  /** Answers revocation questions afresh, for a user who asks. */
  readonly ask: AskRevocation;
  /** The same for loads and the routine, where kept answers are good enough. */
  readonly askAgain: AskRevocation;
  readonly graceMs: number;
  /** Told what could not be written down: what was found out counts all the same. */
  readonly onLeftover: (error: unknown, id: string) => void;
}

export interface Watch {
  /**
   * Looks at an installed plugin: its files against the package's own signatures, its certificates against revocation. Writes down and
   * announces what changed.
   * @throws {DaemonError} PLUGIN_NOT_INSTALLED | UNMANAGED_FOLDER | RECORD_DAMAGED, and those of the disk
   */
  check(id: string, by: ActivityEntry['by'], signal?: AbortSignal): Promise<CheckReport>;
  /**
   * The same before a plugin's library is loaded: settles only for one that may be.
   * @throws {DaemonError} FILES_CHANGED and those of `check`
   * @throws {TrustError} CERTIFICATE_REVOKED | CERTIFICATE_STATUS_UNKNOWN
   */
  assertStillTrusted(id: string, signal?: AbortSignal): Promise<void>;
}

interface Subject {
  readonly tree: string;
  readonly record: InstallRecord;
}

export function createWatch(context: WatchContext): Watch {
  const check: Watch['check'] = async (id, by, signal) => {
    assertPluginId(id);
    for (;;) {
      const { tree, record, faults } = await context.queue.run(id.toLowerCase(), () => lookAt(context, id));
      // Outside the queue: a slow responder must not hold up an install that would heal the plugin.
      const revocation = await askAbout(context, record, by, signal);
      const report = await context.queue.run(id.toLowerCase(), () =>
        settle(context, { tree, record, faults, revocation }, by),
      );
      // An update came between: what was found out is about a tree that is no longer the active one.
      if (report !== undefined) return report;
      signal?.throwIfAborted();
    }
  };
  return {
    check,
    assertStillTrusted: async (id, signal) => {
      const { disabled } = await check(id, 'load', signal);
      if (disabled === undefined) return;
      const { code, message, entry, certificate } = disabled;
      if (code === 'CERTIFICATE_REVOKED' || code === 'CERTIFICATE_STATUS_UNKNOWN')
        throw new TrustError(code, message, { certificate });
      throw new DaemonError('FILES_CHANGED', message, { entry, path: context.layout.link(id) });
    },
  };
}

async function lookAt(context: WatchContext, id: string): Promise<Subject & { faults: TreeFault[] }> {
  const { tree, record } = recordedPlugin(await findPlugin(context, id), id);
  return { tree, record, faults: await verifyTree(context.disk, context.layout, record, tree) };
}

async function askAbout(
  { ask, askAgain, revocation, at, clock }: WatchContext,
  record: InstallRecord,
  by: ActivityEntry['by'],
  signal: AbortSignal | undefined,
): Promise<readonly RevocationStanding[]> {
  return judgeRevocationAgain(recordedPath(record), {
    ask: by === 'request' ? ask : askAgain,
    revocation,
    at: at ?? clock(),
    signal,
  });
}

/** Undefined where another tree is active by now. */
async function settle(
  context: WatchContext,
  found: Subject & { faults: readonly TreeFault[]; revocation: readonly RevocationStanding[] },
  by: ActivityEntry['by'],
): Promise<CheckReport | undefined> {
  const { disk, layout, graceMs } = context;
  const { tree, record } = found;
  const now = await findPlugin(context, record.id);
  if (now?.tree !== tree) {
    if (now === undefined) throw notInstalled(record.id);
    return undefined;
  }
  const standing = weighFindings(now.standing, { ...found, at: context.at ?? context.clock(), graceMs });
  const hasNews =
    JSON.stringify({ ...standing, checkedAt: '' }) !== JSON.stringify({ ...now.standing, checkedAt: '' });
  // A load is frequent and usually finds nothing new: then it writes nothing.
  if (hasNews || by !== 'load') {
    await writeStanding(disk, layout, { id: record.id, tree, standing }).catch((error: unknown) =>
      context.onLeftover(error, record.id),
    );
  }
  if (hasNews) await announce(context, record, { before: now.standing, standing, by });
  return reportOf(record, standing);
}

async function announce(
  { announcer }: WatchContext,
  record: InstallRecord,
  { before, standing, by }: { before: Standing | undefined; standing: Standing; by: ActivityEntry['by'] },
): Promise<void> {
  const hasPrevious = record.previous !== undefined;
  const [was, is] = [disabledReason(before, hasPrevious), disabledReason(standing, hasPrevious)];
  if (is !== undefined && (was?.code !== is.code || was.message !== is.message))
    await announcer.disabled(record, is, by);
  if (is === undefined && was !== undefined) await announcer.healed(record, by);
  const { unanswered } = standing;
  if (unanswered !== undefined && before?.unanswered?.isOverdue !== unanswered.isOverdue)
    await announcer.unanswered(record, unanswered, by);
}

function reportOf(record: InstallRecord, standing: Standing): CheckReport {
  const disabled = disabledReason(standing, record.previous !== undefined);
  return {
    id: record.id,
    version: record.version,
    state: disabled === undefined ? 'installed' : 'disabled',
    checkedAt: standing.checkedAt,
    ...given('disabled', disabled),
    ...given('unanswered', standing.unanswered),
  };
}
