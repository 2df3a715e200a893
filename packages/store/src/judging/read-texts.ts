import {
  type Archive,
  fallbackLanguage,
  JplError,
  languagesOf,
  localeEntryName,
  type Manifest,
  parseLocale,
  translateManifest,
} from '@jami-plugin-store/jpl';
import { StoreError } from '../error.js';

/** Language -> what is shown in it. */
export type Texts = Readonly<Record<string, { readonly name: string; readonly description: string }>>;

type TextsOfOne = Texts[string];

const maxLocales = 100;
const maxNameCharacters = 200;
const maxDescriptionCharacters = 16_384;

/**
 * The plugin's name and description in each language it has a locale file for, placeholders translated. A locale
 * that cannot be read is told as a flaw and left out; without any, the manifest's own texts stand as English.
 * @throws {StoreError} TEXT_TOO_LONG
 */
export async function readTexts(
  archive: Pick<Archive, 'entries'>,
  manifest: Manifest,
  read: (name: string) => Promise<Buffer | undefined>,
  onFlaw: (what: string) => void,
): Promise<Texts> {
  const texts = new Map<string, TextsOfOne>();
  const languages = localesOf(archive, manifest.id);
  if (languages.length > maxLocales) onFlaw(`locales: more than ${maxLocales}`);
  for (const language of languages.slice(0, maxLocales)) {
    const name = localeEntryName(manifest.id, language);
    const bytes = await read(name);
    const locale = bytes === undefined ? undefined : parseOrTell(name, bytes, onFlaw);
    if (locale !== undefined) texts.set(language, boundedTexts(translateManifest(manifest, locale)));
  }
  if (texts.size === 0) texts.set(fallbackLanguage, boundedTexts(translateManifest(manifest, new Map())));
  return Object.fromEntries([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Languages whose names can be asked for; others are no languages. */
function localesOf(archive: Pick<Archive, 'entries'>, id: string): string[] {
  return languagesOf(archive.entries, id).filter((language) =>
    /^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$/.test(language),
  );
}

function parseOrTell(
  name: string,
  bytes: Buffer,
  onFlaw: (what: string) => void,
): ReadonlyMap<string, string> | undefined {
  try {
    return parseLocale(bytes);
  } catch (error) {
    if (!(error instanceof JplError)) throw error;
    onFlaw(`locale "${name}": ${error.message}`);
    return undefined;
  }
}

/** @throws {StoreError} TEXT_TOO_LONG */
function boundedTexts({ name, description }: Pick<Manifest, 'name' | 'description'>): TextsOfOne {
  if (name.length > maxNameCharacters) {
    throw new StoreError('TEXT_TOO_LONG', `The plugin's name has more than ${maxNameCharacters} characters.`);
  }
  if (description.length > maxDescriptionCharacters) {
    throw new StoreError(
      'TEXT_TOO_LONG',
      `The plugin's description has more than ${maxDescriptionCharacters} characters.`,
    );
  }
  return { name, description };
}
