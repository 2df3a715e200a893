import { foldName } from '../archive/entry-name.js';
import { quote } from '../archive/header-fields.js';
import { NameTree } from '../archive/name-tree.js';
import { JplError } from '../error.js';
import { libraryOf, platformsOf } from './platform.js';

/** What an installed plugin's folder holds, all paths relative to it with `/`. */
export interface InstalledTree {
  /** Entry name -> path it is written to. */
  readonly files: ReadonlyMap<string, string>;
  /** Every folder to make, parents before children. */
  readonly directories: readonly string[];
}

interface PlannedEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
}

/** Name of the values file that the host itself keeps in the plugin's folder. */
export const preferencesFileName = 'preferences.msgpack';

/**
 * Lays out a package on disk for one platform: its libraries go to the root, those of other platforms are left out,
 * all else keeps its path.
 * @throws {JplError} PLATFORM_UNSUPPORTED (the package has libraries, none for this platform) |
 *   INSTALLED_NAME_COLLISION | INSTALLED_NAME_RESERVED
 */
export function planInstalledTree(
  entries: readonly PlannedEntry[],
  platform: string,
  { id }: { readonly id: string },
): InstalledTree {
  const offered = platformsOf(entries);
  if (offered.length > 0 && !offered.includes(platform)) {
    throw new JplError(
      'PLATFORM_UNSUPPORTED',
      `${quote(id)} is not made for ${platform}, only for ${offered.join(', ')}.`,
    );
  }
  const files = new Map<string, string>();
  const directories = new Set<string>();
  const taken = new NameTree(Number.POSITIVE_INFINITY);
  for (const entry of entries) {
    const path = installedPath(entry, platform);
    if (path === undefined) continue;
    assertFree(taken, entry, path);
    for (const folder of foldersAbove(path)) directories.add(folder);
    if (entry.kind === 'directory') directories.add(path.slice(0, -1));
    else files.set(entry.name, path);
  }
  return { files, directories: [...directories].sort() };
}

function installedPath({ name, kind }: PlannedEntry, platform: string): string | undefined {
  if (kind === 'directory') return /^lib\/([^/]+\/)?$/.test(name) ? undefined : name;
  const library = libraryOf(name);
  if (library === undefined) return name;
  return library.platform === platform ? library.file : undefined;
}

function assertFree(taken: NameTree, entry: PlannedEntry, path: string): void {
  const [root = ''] = path.split('/');
  if (foldName(root) === preferencesFileName) {
    throw new JplError(
      'INSTALLED_NAME_RESERVED',
      `${quote(entry.name)} would take the place of the preferences.`,
      {
        entry: entry.name,
      },
    );
  }
  const collision = taken.add(path, entry.kind);
  if (collision === undefined) return;
  throw new JplError(
    'INSTALLED_NAME_COLLISION',
    `Two entries would be installed as one: ${collision.reason}.`,
    {
      entry: entry.name,
    },
  );
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  if (path.endsWith('/')) parts.pop();
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
