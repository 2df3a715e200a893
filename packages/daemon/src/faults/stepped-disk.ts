import type { Disk, DiskFile } from '../disk/disk.js';

/** One thing done to the disk, numbered from 1 in the order they begin. */
export interface DiskStep {
  readonly number: number;
  readonly action: string;
  readonly path: string;
  /** Does it by half: part of a file's bytes, part of a folder's removal. Undefined where a step has no half. */
  readonly half?: (() => Promise<void>) | undefined;
}

/** Called before each step; what it throws is the step's failure, and while it does not settle the step does not happen. */
export type OnStep = (step: DiskStep) => Promise<void> | void;

/** A disk on which every change can be failed, stopped or killed at. Reading is not a step. */
export function steppedDisk(disk: Disk, onStep: OnStep): Disk {
  let number = 0;
  const step = async <Result>(
    action: string,
    path: string,
    work: () => Promise<Result>,
    half?: () => Promise<void>,
  ): Promise<Result> => {
    number += 1;
    await onStep({ number, action, path, half });
    return work();
  };
  const removeHalf = async (path: string): Promise<void> => {
    if ((await disk.kindOf(path)) !== 'directory') return;
    const names = await disk.list(path);
    for (const name of names.slice(0, Math.ceil(names.length / 2))) await disk.removeTree(`${path}/${name}`);
  };

  return {
    ...disk,
    makeDirectory: (path, mode) => step('makeDirectory', path, () => disk.makeDirectory(path, mode)),
    createFile: (path) =>
      step('createFile', path, async (): Promise<DiskFile> => {
        const file = await disk.createFile(path);
        return {
          write: (chunk) =>
            step(
              'write',
              path,
              () => file.write(chunk),
              () => file.write(chunk.subarray(0, chunk.length >> 1)),
            ),
          close: () => file.close(),
        };
      }),
    writeFile: (path, content) =>
      step(
        'writeFile',
        path,
        () => disk.writeFile(path, content),
        () => disk.writeFile(path, content.subarray(0, content.length >> 1)),
      ),
    appendFile: (path, content) =>
      step(
        'appendFile',
        path,
        () => disk.appendFile(path, content),
        () => disk.appendFile(path, content.subarray(0, content.length >> 1)),
      ),
    syncFile: (path) => step('syncFile', path, () => disk.syncFile(path)),
    syncDirectory: (path) => step('syncDirectory', path, () => disk.syncDirectory(path)),
    rename: (from, to) => step('rename', to, () => disk.rename(from, to)),
    symlink: (target, path, kind) => step('symlink', path, () => disk.symlink(target, path, kind)),
    link: (existing, path) => step('link', path, () => disk.link(existing, path)),
    remove: (path) => step('remove', path, () => disk.remove(path)),
    removeTree: (path) =>
      step(
        'removeTree',
        path,
        () => disk.removeTree(path),
        () => removeHalf(path),
      ),
  };
}
