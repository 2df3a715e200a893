import { join } from 'node:path';
import {
  JplError,
  type Locale,
  languagesOf,
  localeEntryName,
  type Manifest,
  maxLocaleBytes,
  negotiateLanguage,
  parseLocale,
  translateManifest,
} from '@jami-plugin-store/jpl';
import { type Disk, isAbsent } from '../disk/disk.js';
import type { FoundPlugin } from './find-plugin.js';

const localeFolder = 'data/locale';

/**
 * A manifest's texts in a language: a tag or an Accept-Language list, `en` where the plugin has none of them.
 * A locale that is missing or not readable leaves the placeholders empty, as Jami does.
 */
export async function translateTexts(
  disk: Disk,
  found: FoundPlugin,
  manifest: Manifest,
  wanted: string,
): Promise<{ manifest: Manifest; language: string }> {
  const { locale, language } = await readTexts(disk, found, wanted);
  return { manifest: translateManifest(manifest, locale), language };
}

/** A plugin's texts in the language that comes nearest to the wanted one. */
export async function readTexts(
  disk: Disk,
  { id, folder }: Pick<FoundPlugin, 'id' | 'folder'>,
  wanted: string,
): Promise<{ locale: Locale; language: string }> {
  const names = await disk.list(join(folder, localeFolder)).catch(absentAs<string[]>([]));
  const available = languagesOf(
    names.map((name) => ({ name: `${localeFolder}/${name}` })),
    id,
  );
  const language = negotiateLanguage(wanted, available);
  const locale = await disk
    .readFile(join(folder, localeEntryName(id, language)), maxLocaleBytes)
    .then(parseLocale)
    .catch(absentAs<Locale>(new Map()));
  return { locale, language };
}

/** A stand-in for what is missing or malformed; what the disk cannot read for other reasons is an error. */
function absentAs<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (isAbsent(error) || error instanceof JplError) return value;
    throw error;
  };
}
