import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeDisk } from '../disk/disk.js';
import { findPlugin } from '../installed/find-plugin.js';
import { layoutOf } from '../installed/layout.js';
import { linkSwitch } from '../installed/link-switch.js';
import { verifyTree } from '../installed/verify-tree.js';

/** How a plugin looks from outside: a version that is complete and verifies, `absent`, or what is wrong with it. */
export interface Sighting {
  readonly version: string;
  readonly preferences: string;
}

/**
 * Looks at a plugin as another program would, without the daemon: the manifest's version, the marker file's, the files against the
 * package's own signatures, and the preferences.
 * @throws {Error} where it is mixed, incomplete or changed
 */
export async function inspect(dataDir: string, id: string): Promise<Sighting | 'absent'> {
  const [disk, layout] = [nodeDisk(), layoutOf(dataDir)];
  const links = linkSwitch(disk, layout, process.platform);
  const found = await findPlugin({ disk, layout, links }, id);
  if (found === undefined) return 'absent';
  if (found.record === undefined || found.tree === undefined || found.manifest === undefined)
    throw new Error(`${id} is ${found.state}: ${found.reason}`);
  const faults = await verifyTree(disk, layout, found.record, found.tree);
  if (faults.length > 0) throw new Error(`${id} does not verify: ${JSON.stringify(faults)}`);
  const marker = await readFile(join(layout.link(id), 'data/version.txt'), 'utf8');
  const versions = new Set([marker, found.manifest.version, found.record.version]);
  if (versions.size !== 1) throw new Error(`${id} is a mixture of ${[...versions].join(' and ')}`);
  const preferences = (await readFile(join(layout.link(id), 'preferences.msgpack'))).toString('hex');
  return { version: marker, preferences };
}
