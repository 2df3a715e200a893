import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../error.js';

/** A package as the folder shows it, before anything in it is read. */
export interface PackageFile {
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

const statsAtOnce = 32;

/**
 * The `*.jpl` files of a folder, oldest first; hidden names are somebody's unfinished copies.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE
 */
export async function listPackageFiles(folder: string): Promise<PackageFile[]> {
  try {
    return await list(folder);
  } catch (cause) {
    throw new StoreError('DATA_FOLDER_UNUSABLE', `The folder ${folder} cannot be read.`, {
      file: folder,
      cause,
    });
  }
}

async function list(folder: string): Promise<PackageFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jpl') && !name.startsWith('.'));
  const found: PackageFile[] = [];
  for (let next = 0; next < names.length; next += statsAtOnce) {
    const batch = names.slice(next, next + statsAtOnce).map((name) => lookAt(folder, name));
    for (const file of await Promise.all(batch)) if (file !== undefined) found.push(file);
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.file < b.file ? -1 : 1));
}

async function lookAt(folder: string, file: string): Promise<PackageFile | undefined> {
  try {
    const { size, mtimeMs } = await stat(join(folder, file));
    return { file, size, mtimeMs };
  } catch (error) {
    // Gone since the folder was listed, or a link to nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // One name that cannot be followed (a link in a circle) must not hide the others: opening it will say why.
    return { file, size: 0, mtimeMs: 0 };
  }
}
