import { join } from 'node:path';
import {
  accountPreferencesName,
  defaultPreferenceValues,
  JplError,
  maxPreferencesBytes,
  type Preference,
  parsePreferences,
  preferencesName,
  translatePreference,
} from '@jami-plugin-store/jpl';
import { type Disk, isAbsent } from '../disk/disk.js';
import { readTexts } from '../installed/plugin-texts.js';

/** What could not be read, and what is told instead. */
export interface PreferenceProblem {
  readonly code: string;
  readonly message: string;
}

export interface PreferenceDefinitions {
  readonly global: readonly Preference[];
  readonly account: readonly Preference[];
  /** Language the texts came out in. */
  readonly language: string;
  readonly problems: readonly PreferenceProblem[];
}

export interface DefinitionsPlace {
  readonly disk: Disk;
  readonly id: string;
  /** Folder that holds the plugin's files, and the install root that paths are told by. */
  readonly folder: string;
  readonly root: string;
}

/** What a plugin lets its user set, texts translated and paths completed. A plugin without such files lets nothing be set. */
export async function readDefinitions(
  place: DefinitionsPlace,
  language: string,
): Promise<PreferenceDefinitions> {
  const texts = await readTexts(place.disk, place, language);
  const problems: PreferenceProblem[] = [];
  const read = async (name: string): Promise<Preference[]> => {
    const preferences = await readFile(place, name).catch((error: unknown) => {
      if (!(error instanceof JplError)) throw error;
      problems.push({ code: error.code, message: error.message });
      return [];
    });
    return preferences.map((preference) =>
      withPath(translatePreference(preference, texts.locale), place.root),
    );
  };
  return {
    global: await read(preferencesName),
    account: await read(accountPreferencesName),
    language: texts.language,
    problems,
  };
}

/** Whether a plugin has something for its user to set; a file that cannot be read counts, so that its user is told why. */
export async function hasDefinitions(place: Pick<DefinitionsPlace, 'disk' | 'folder'>): Promise<boolean> {
  for (const name of [preferencesName, accountPreferencesName]) {
    try {
      if ((await readFile(place, name)).length > 0) return true;
    } catch (error) {
      if (error instanceof JplError) return true;
      throw error;
    }
  }
  return false;
}

async function readFile(
  { disk, folder }: Pick<DefinitionsPlace, 'disk' | 'folder'>,
  name: string,
): Promise<readonly Preference[]> {
  try {
    return parsePreferences(await disk.readFile(join(folder, name), maxPreferencesBytes));
  } catch (error) {
    if (isAbsent(error)) return [];
    if ((error as NodeJS.ErrnoException).code === 'EFBIG')
      throw new JplError('PREFERENCES_MALFORMED', `${name} is larger than is read.`, { cause: error });
    throw error;
  }
}

/** A path's default is written below the install root; every face tells it whole. */
function withPath(preference: Preference, root: string): Preference {
  const completed = defaultPreferenceValues([preference], root).get(preference.key);
  if (completed === undefined) return preference;
  return { ...preference, fields: new Map([...preference.fields, ['defaultValue', completed]]) };
}

/** Empty where the plugin names none, as in Jami. */
export function defaultOf({ fields }: Preference): string {
  return fields.get('defaultValue') ?? '';
}
