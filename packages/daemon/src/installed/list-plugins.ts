import { join } from 'node:path';
import type { InstalledPlugin } from '@jami-plugin-store/contract';
import { isPluginId } from '@jami-plugin-store/jpl';
import { hasDefinitions } from '../preferences/preference-definitions.js';
import { type FoundPlugin, findPlugin, type InstalledPlace } from './find-plugin.js';
import { translateTexts } from './plugin-texts.js';
import { given } from './record.js';
import { standingFields } from './standing.js';

/**
 * Everything in the plugins folder that is a plugin, sorted by id, names in a language. Folders without a manifest are none.
 */
export async function listPlugins(place: InstalledPlace, language: string): Promise<InstalledPlugin[]> {
  const rows: InstalledPlugin[] = [];
  for (const name of await place.disk.list(place.layout.plugins)) {
    const found = isPluginId(name) ? await findPlugin(place, name) : undefined;
    if (found !== undefined) rows.push(await rowOf(place, found, language));
  }
  return rows;
}

async function rowOf(
  { disk, layout }: InstalledPlace,
  found: FoundPlugin,
  language: string,
): Promise<InstalledPlugin> {
  const { id, state, record, manifest, reason } = found;
  const texts = manifest && (await translateTexts(disk, found, manifest, language)).manifest;
  return {
    id,
    version: record?.version ?? manifest?.version ?? null,
    path: layout.link(id),
    publisher: record?.publisher.name ?? null,
    state,
    ...given('name', texts?.name),
    ...given('description', texts?.description),
    ...given('iconPath', texts && join(layout.link(id), texts.iconPath)),
    ...given('reason', reason),
    ...rowStanding(found),
    ...given('sha256', record?.sha256),
    ...given('store', record?.store),
    ...given('installedAt', record?.installedAt),
    ...given('files', record?.files),
    hasPreferences: await hasDefinitions({ disk, folder: found.folder }),
    ...given('previousVersion', record?.previous?.version),
  };
}

function rowStanding({ standing, record }: FoundPlugin) {
  const { disabled, unanswered } = standingFields(standing, record?.previous !== undefined);
  return { ...given('disabled', disabled), ...given('unanswered', unanswered) };
}
