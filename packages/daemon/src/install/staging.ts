import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { ArchiveEntry } from '@jami-plugin-store/jpl';
import type { EntrySink, EntryWriter } from '@jami-plugin-store/trust';
import type { Disk, DiskFile } from '../disk/disk.js';
import { DaemonError } from '../error.js';
import { inParallel } from './in-parallel.js';

/** Where the files of a package go: from entry name to path below the tree, both with `/`. */
export interface TreePlan {
  readonly files: ReadonlyMap<string, string>;
  /** Folders below the tree, parents before children. */
  readonly directories: readonly string[];
}

/** One package's files on their way: below `plugins/.staging`, on the file system they will stay on. */
export interface Staging {
  readonly tree: string;
  readonly sink: EntrySink;
  /** A file that is not handed on by the sink. */
  add(path: string, content: Uint8Array): Promise<void>;
  /** The same for one that comes in chunks. */
  create(path: string): Promise<DiskFile>;
  /** Makes every file and every folder durable. */
  sync(): Promise<void>;
  /** Removes what is left; nothing there is fine. */
  discard(): Promise<void>;
}

const parallelSyncs = 16;
/** So much of a long file is flushed while what follows is verified. It brings a thirtieth of the install of a library of 100 MiB (docs/performance.md). */
const bytesPerFlush = 16 * 1024 * 1024;

/**
 * Nothing is written before the first file comes: a package that is refused for its structure or its certificates leaves no trace.
 * `plan` is undefined where the package has no installable form; then nothing is wanted.
 */
export function stage(disk: Disk, stagingFolder: string, plan: TreePlan | undefined): Staging {
  const root = join(stagingFolder, randomBytes(16).toString('hex'));
  const tree = join(root, 'tree');
  const written: string[] = [];
  let prepared: Promise<void> | undefined;

  const prepare = (): Promise<void> => {
    prepared ??= makeFolders(disk, root, tree, plan?.directories ?? []);
    return prepared;
  };
  const place = async (path: string): Promise<string> => {
    await prepare();
    const full = join(tree, ...path.split('/'));
    written.push(full);
    return full;
  };
  const target = (entry: ArchiveEntry): Promise<string> => {
    const path = plan?.files.get(entry.name);
    if (path === undefined)
      throw new DaemonError('INTERNAL_ERROR', `The file ${entry.name} has no place in the installed tree.`);
    return place(path);
  };

  return {
    tree,
    sink: {
      wants: (entry) => plan?.files.has(entry.name) ?? false,
      write: async (entry, content) => disk.writeFile(await target(entry), content),
      open: async (entry) => {
        const path = await target(entry);
        return flushingEarly(await disk.createFile(path), () => disk.syncFile(path));
      },
    },
    add: async (path, content) => disk.writeFile(await place(path), content),
    create: async (path) => disk.createFile(await place(path)),
    sync: async () => {
      await prepare();
      // Files first, all together, then folders: the file system can group the flushes.
      await inParallel(written, parallelSyncs, (path) => disk.syncFile(path));
      const folders = new Set(written.map((path) => dirname(path)));
      for (const folder of plan?.directories ?? []) folders.add(join(tree, ...folder.split('/')));
      await inParallel([...folders.add(tree)], parallelSyncs, (path) => disk.syncDirectory(path));
    },
    discard: async () => {
      // A preparation under way would make again what is removed here.
      await prepared?.catch(() => undefined);
      if (prepared !== undefined) await disk.removeTree(root);
    },
  };
}

/** A failed flush is met where the file is closed. */
function flushingEarly(file: DiskFile, flush: () => Promise<void>): EntryWriter {
  let [pending, flushing]: [number, Promise<void> | undefined] = [0, undefined];
  return {
    async write(chunk) {
      await file.write(chunk);
      pending += chunk.length;
      if (pending < bytesPerFlush) return;
      pending = 0;
      const before = flushing ?? Promise.resolve();
      flushing = before.then(flush);
      flushing.catch(() => undefined);
    },
    async close() {
      try {
        await flushing;
      } finally {
        await file.close();
      }
    },
    async abort() {
      await flushing?.catch(() => undefined);
      await file.close();
    },
  };
}

async function makeFolders(
  disk: Disk,
  root: string,
  tree: string,
  directories: readonly string[],
): Promise<void> {
  // Only this user may look at what is not verified yet; the tree itself gets ordinary permissions.
  await disk.makeDirectory(root, 0o700);
  await disk.makeDirectory(tree);
  for (const directory of directories) await disk.makeDirectory(join(tree, ...directory.split('/')));
}
