import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { isAbsent } from '../disk/disk.js';
import { replaceFile } from './durable-file.js';
import { type Layout, linkTarget, treeOfTarget } from './layout.js';

/** Says which tree of a plugin is active. Callers serialise by plugin. */
export interface LinkSwitch {
  /** The active tree; `foreign` where something stands that is not a link of ours; undefined where nothing does. */
  active(id: string): Promise<{ tree: string } | 'foreign' | undefined>;
  /** Makes a tree the active one. When it returns, every later reader sees it; when it throws, the old one still is active. */
  activate(id: string, tree: string): Promise<void>;
  /** Takes the link away: the plugin is no longer installed. */
  deactivate(id: string): Promise<void>;
  /** Ends a switch that a crash interrupted. */
  recover(id: string): Promise<void>;
}

export function linkSwitch(disk: Disk, layout: Layout, platform: NodeJS.Platform): LinkSwitch {
  return platform === 'win32' ? junctionSwitch(disk, layout) : symlinkSwitch(disk, layout);
}

/** rename(2) of a link over a link is atomic: there is no moment without one. */
function symlinkSwitch(disk: Disk, layout: Layout): LinkSwitch {
  return {
    active: (id) => activeTree(disk, layout, id),
    activate: async (id, tree) => {
      const waiting = join(layout.staging, `${randomBytes(8).toString('hex')}.link`);
      await disk.symlink(linkTarget(id, tree), waiting, 'dir');
      try {
        await disk.rename(waiting, layout.link(id));
      } catch (error) {
        await disk.remove(waiting).catch(() => undefined);
        throw error;
      }
    },
    deactivate: (id) => disk.remove(layout.link(id)),
    recover: async () => undefined,
  };
}

/**
 * A junction cannot be renamed over another one, so it is removed and made anew, with the intention written down first:
 * recovery finishes what the journal says.
 */
function junctionSwitch(disk: Disk, layout: Layout): LinkSwitch {
  const place = async (id: string, tree: string) => {
    if ((await disk.kindOf(layout.link(id))) === 'link') await disk.remove(layout.link(id));
    await disk.symlink(layout.tree(id, tree), layout.link(id), 'junction');
    // The switch is done; a journal that stays is carried out once more by recovery, or overwritten by the next switch.
    await disk.remove(layout.journal(id)).catch(() => undefined);
  };
  const restore = async (id: string, before: Awaited<ReturnType<typeof activeTree>>) => {
    const isGone = (await disk.kindOf(layout.link(id))) === 'absent';
    if (isGone && before !== undefined && before !== 'foreign')
      await disk.symlink(layout.tree(id, before.tree), layout.link(id), 'junction');
    await disk.remove(layout.journal(id));
  };
  return {
    active: (id) => activeTree(disk, layout, id),
    activate: async (id, tree) => {
      const before = await activeTree(disk, layout, id);
      try {
        await replaceFile(disk, layout, layout.journal(id), Buffer.from(JSON.stringify({ tree })));
        await place(id, tree);
      } catch (error) {
        // Where that fails, too, the journal stays, and recovery finishes the switch.
        await restore(id, before).catch(() => undefined);
        throw error;
      }
    },
    deactivate: async (id) => {
      // Else recovery would carry out an old intention, and bring back what was removed.
      if ((await disk.kindOf(layout.journal(id))) !== 'absent') await disk.remove(layout.journal(id));
      await disk.remove(layout.link(id));
    },
    recover: async (id) => {
      if ((await disk.kindOf(layout.journal(id))) === 'absent') return;
      const tree = await readJournal(disk, layout, id);
      const isThere = tree !== undefined && (await disk.kindOf(layout.tree(id, tree))) === 'directory';
      if (isThere) await place(id, tree);
      else await disk.remove(layout.journal(id));
    },
  };
}

async function readJournal(disk: Disk, layout: Layout, id: string): Promise<string | undefined> {
  try {
    const journal: unknown = JSON.parse((await disk.readFile(layout.journal(id), 4096)).toString('utf8'));
    const tree = (journal as { tree?: unknown } | null)?.tree;
    return typeof tree === 'string' && treeOfTarget(id, linkTarget(id, tree), layout) === tree
      ? tree
      : undefined;
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function activeTree(
  disk: Disk,
  layout: Layout,
  id: string,
): Promise<{ tree: string } | 'foreign' | undefined> {
  const kind = await disk.kindOf(layout.link(id));
  if (kind === 'absent') return undefined;
  if (kind !== 'link') return 'foreign';
  const tree = treeOfTarget(id, await disk.readLink(layout.link(id)), layout);
  return tree === undefined ? 'foreign' : { tree };
}
