import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { decodePreferenceValues, encodePreferenceValues, JplError } from '@jami-plugin-store/jpl';
import { type Disk, isAbsent } from '../disk/disk.js';
import { DaemonError } from '../error.js';
import { replaceFile } from '../installed/durable-file.js';
import { type Layout, preferencesName } from '../installed/layout.js';

/** Bytes of the largest file of values that is read or written. */
const maxValuesBytes = 1024 * 1024;

export interface ValuesPlace {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly system: NodeJS.Platform;
}

/** Where one set of values stands: the one to read, the one to write, and what must lead to that. */
export interface ValuesFile {
  /** What a program that opens the install root's file reads. */
  readonly read: string;
  readonly write: string;
  /** The tree whose link leads to `write`; undefined for the values of an account. */
  readonly tree?: string | undefined;
}

/**
 * The file of the global values. It stands beside the trees, so that it outlives them; each has a link to it. Where another
 * program put a file in the place of the link, that file holds the values that count.
 */
export async function globalValuesFile(
  { disk, layout }: ValuesPlace,
  id: string,
  tree: string,
): Promise<ValuesFile> {
  const own = join(layout.tree(id, tree), preferencesName);
  const write = layout.preferences(id);
  return { read: (await disk.kindOf(own)) === 'file' ? own : write, write, tree: own };
}

/** @param account  checked */
export function accountValuesFile({ layout }: ValuesPlace, id: string, account: string): ValuesFile {
  const path = join(layout.dataDir, account, 'plugins', id, preferencesName);
  return { read: path, write: path };
}

/**
 * The values of a file; nothing there is an empty set.
 * @throws {DaemonError} PREFERENCES_DAMAGED
 */
export async function readValues(disk: Disk, { read }: ValuesFile): Promise<Map<string, string>> {
  try {
    return decodePreferenceValues(await disk.readFile(read, maxValuesBytes));
  } catch (error) {
    if (isAbsent(error)) return new Map();
    const code = (error as NodeJS.ErrnoException).code ?? '';
    // A link, a folder, or more than anybody would store there.
    const isNoFile = ['ELOOP', 'EISDIR', 'EFBIG', 'ENXIO', 'EMLINK'].includes(code);
    if (!isNoFile && !(error instanceof JplError)) throw error;
    const why = error instanceof JplError ? error.message : `it is no such file (${code}).`;
    throw new DaemonError(
      'PREFERENCES_DAMAGED',
      `The stored preferences at ${read} cannot be read, so the defaults count: ${why}`,
      { path: read, cause: error },
    );
  }
}

/**
 * Stores values durably: a crash leaves the old set or the new one. A file that cannot be read is kept beside, under another name.
 * @throws {DaemonError} PREFERENCES_TOO_LARGE
 */
export async function writeValues(
  place: ValuesPlace,
  file: ValuesFile,
  values: ReadonlyMap<string, string>,
): Promise<void> {
  const { disk, layout } = place;
  const bytes = encodePreferenceValues(values);
  if (bytes.length > maxValuesBytes) {
    throw new DaemonError(
      'PREFERENCES_TOO_LARGE',
      `All values together would take ${bytes.length} bytes; ${maxValuesBytes} are stored at most.`,
    );
  }
  if (file.tree === undefined) await makeAccountFolder(place, dirname(file.write));
  await replaceFile(disk, layout, file.write, bytes);
  if (file.tree !== undefined) await leadTo(place, file.tree, file.write);
}

/** Takes a file of values that cannot be read out of the way. */
export async function keepAside({ disk }: ValuesPlace, { read, write }: ValuesFile): Promise<string> {
  const kept = `${write}.damaged-${randomBytes(4).toString('hex')}`;
  await disk.rename(read, kept);
  return kept;
}

/**
 * Where another program put a file in the place of a tree's link: its values go where every version finds them.
 * A damaged one goes there as it is, so that nothing is lost with the tree.
 */
export async function gatherValues(place: ValuesPlace, id: string, tree: string): Promise<void> {
  const { disk, layout, system } = place;
  const file = await globalValuesFile(place, id, tree);
  if (file.read === file.write || file.tree === undefined) return;
  const bytes = await disk.readFile(file.read, maxValuesBytes);
  const known = await disk.readFile(file.write, maxValuesBytes).catch(() => undefined);
  // On Windows the name in the tree is the same file, as a rule.
  if (system === 'win32' && known?.equals(bytes)) return;
  await replaceFile(disk, layout, file.write, bytes);
  await leadTo(place, file.tree, file.write);
}

/** Makes the name in a tree lead to the file again, where it does not. */
async function leadTo({ disk, layout, system }: ValuesPlace, name: string, file: string): Promise<void> {
  // A second name is one of the old file: what was put in its place has to get it anew.
  const isLink = system !== 'win32' && (await disk.kindOf(name)) === 'link';
  if (isLink) return;
  const waiting = join(layout.staging, `${randomBytes(8).toString('hex')}.link`);
  if (system === 'win32') await disk.link(file, waiting);
  else await disk.symlink(join('..', preferencesName), waiting, 'file');
  try {
    await disk.rename(waiting, name);
  } catch (error) {
    await disk.remove(waiting).catch(() => undefined);
    throw error;
  }
}

/** Links are not followed: what was stored behind one would not go with the plugin. */
async function makeAccountFolder({ disk, layout }: ValuesPlace, folder: string): Promise<void> {
  const steps: string[] = [];
  for (let step = folder; step !== layout.dataDir; step = dirname(step)) steps.unshift(step);
  for (const step of steps) {
    const kind = await disk.kindOf(step);
    if (kind === 'directory') continue;
    if (kind !== 'absent')
      throw new DaemonError('PREFERENCES_DAMAGED', `${step} is no folder; nothing is stored below it.`, {
        path: step,
      });
    await disk.makeDirectory(step);
    await disk.syncDirectory(dirname(step));
  }
}
