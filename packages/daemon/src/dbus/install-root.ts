import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { isPluginId } from '@jami-plugin-store/jpl';

const maxPathCharacters = 4_096;

/**
 * The id of the plugin a caller means by its install root, `<data dir>/plugins/<id>`; undefined for anything else. The data
 * folder may be named by a link to it; the root itself is never followed: it is the link to the active version.
 * @param plugins real path of the folder of plugins
 */
export async function idOfRoot(plugins: string, path: string): Promise<string | undefined> {
  if (path.length > maxPathCharacters || path.includes('\0') || !isAbsolute(path)) return undefined;
  const id = basename(path);
  // Text for text the path of that id: no way back, no doubled or trailing separator.
  if (!isPluginId(id) || join(dirname(path), id) !== path || normalize(path) !== path) return undefined;
  if (dirname(path) === plugins) return id;
  const folder = await realpath(dirname(path)).catch(() => undefined);
  return folder === plugins ? id : undefined;
}
