import type { StoreQueries } from '../database/database.js';
import type { PackageFile } from './package-files.js';

/** A file of a folder as it was when its package was taken in. */
export interface ImportedFile extends PackageFile {
  readonly sha256: string;
  /** Number of its package and its plugin. */
  readonly package: number;
  readonly plugin: number;
  /** False: judged under other roots, or less strictly, than now. */
  readonly isTrusted: boolean;
}

/** Files whose packages are published because they lie there; by name. */
export async function readImportedFiles(
  queries: StoreQueries,
  folder: string,
): Promise<Map<string, ImportedFile>> {
  const rows = await queries
    .selectFrom('imported_files')
    .innerJoin('packages', 'packages.sha256', 'imported_files.sha256')
    .select([
      'imported_files.file',
      'imported_files.size',
      'imported_files.mtime_ms',
      'imported_files.sha256',
      'packages.number',
      'packages.plugin_number',
      'packages.is_trusted',
    ])
    .where('imported_files.folder', '=', folder)
    .where('packages.state', '=', 'published')
    .execute();
  return new Map(
    rows.map(({ file, size, mtime_ms, sha256, number, plugin_number, is_trusted }) => [
      file,
      {
        file,
        size,
        mtimeMs: mtime_ms,
        sha256,
        package: number,
        plugin: plugin_number,
        isTrusted: is_trusted === 1,
      },
    ]),
  );
}

/** True while a file is the one that was taken in. Times are compared to the millisecond: copies of a disk keep no more. */
export function isAsImported(imported: PackageFile, { size, mtimeMs }: PackageFile): boolean {
  return imported.size === size && imported.mtimeMs === Math.trunc(mtimeMs);
}
