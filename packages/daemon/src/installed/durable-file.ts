import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import type { Layout } from './layout.js';

/**
 * Puts a whole small file in the place of another: a crash leaves the old content or the new. Written in staging, which recovery
 * empties, so that nothing half-written is ever left elsewhere.
 */
export async function replaceFile(
  disk: Disk,
  layout: Layout,
  path: string,
  content: Uint8Array,
): Promise<void> {
  const waiting = join(layout.staging, `${randomBytes(8).toString('hex')}.file`);
  try {
    await disk.writeFile(waiting, content);
    await disk.syncFile(waiting);
    await disk.rename(waiting, path);
  } catch (error) {
    await disk.remove(waiting).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(dirname(path));
}
