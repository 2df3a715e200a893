import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ClientError } from '../error.js';

const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a picture of an installed plugin. The daemon names its path; it must lie in the plugin's own tree, which lies in the data
 * folder, and no link within the tree is followed.
 * @param plugin  root the daemon told, `<data dir>/plugins/<id>`: itself a link to the version that is installed
 * @throws {ClientError} IMAGE_NOT_FOUND | IMAGE_REFUSED
 */
export async function readInstalledImage(
  { dataDir, plugin, path }: { dataDir: string; plugin: string; path: string },
  maxBytes: number,
): Promise<Buffer> {
  try {
    const within = relative(plugin, path);
    if (!isWithin(within)) throw refused(path);
    const [plugins, tree] = await Promise.all([realpath(join(dataDir, 'plugins')), realpath(plugin)]);
    if (!isWithin(relative(plugins, tree))) throw refused(path);
    const real = join(tree, within);
    if ((await realpath(real)) !== real) throw refused(path);
    const handle = await open(real, constants.O_RDONLY | noFollow);
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.size > maxBytes) throw refused(path);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'ELOOP') throw refused(path);
    throw new ClientError('IMAGE_NOT_FOUND', 'The plugin has no such picture', { at: path, cause });
  }
}

function isWithin(path: string): boolean {
  return path !== '' && !isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`);
}

function refused(path: string): ClientError {
  return new ClientError('IMAGE_REFUSED', 'The picture does not lie in the plugin’s own folder', {
    at: path,
  });
}
