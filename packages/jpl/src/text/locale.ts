import { quote } from '../archive/header-fields.js';
import { JplError } from '../error.js';
import type { Manifest } from '../manifest/manifest.js';
import { isJsonObject, parseStrictJson, StrictJsonError } from '../manifest/strict-json.js';

/** Placeholder key -> text in one language. */
export type Locale = ReadonlyMap<string, string>;

/** A larger locale file is refused unread. */
export const maxLocaleBytes = 1024 * 1024;

/** The locale that stands in for a missing one. */
export const fallbackLanguage = 'en';

/** Where a plugin keeps its texts in one language, e.g. `data/locale/Greeter_fr.json`. */
export function localeEntryName(id: string, language: string): string {
  return `data/locale/${id}_${language}.json`;
}

/** The languages for which a package has texts, as its files are named, sorted. */
export function languagesOf(entries: Iterable<{ readonly name: string }>, id: string): string[] {
  const prefix = `data/locale/${id}_`;
  const suffix = '.json';
  const languages: string[] = [];
  for (const { name } of entries) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix) || name.includes('/', prefix.length)) continue;
    const language = name.slice(prefix.length, -suffix.length);
    if (language !== '') languages.push(language);
  }
  return languages.sort();
}

/**
 * Reads a locale file: one flat JSON object of texts.
 * @throws {JplError} LOCALE_MALFORMED | LOCALE_DUPLICATE_KEY
 */
export function parseLocale(bytes: Uint8Array): Locale {
  const json = parseJson(bytes);
  if (!isJsonObject(json)) throw malformed('is not a JSON object');
  const locale = new Map<string, string>();
  for (const [key, text] of Object.entries(json)) {
    if (typeof text !== 'string') throw malformed(`has a ${quote(key)} that is not a text`);
    locale.set(key, text);
  }
  return locale;
}

/** What placeholders may add to one text, in characters: two files of 1 MiB could make 200 GiB of each other. */
const maxFilledIn = 32 * 1024;

/** Room for what is filled into texts that are shown together. */
export function roomForTexts(): { characters: number } {
  return { characters: maxFilledIn };
}

/**
 * Fills in `{{key}}`; an unknown key becomes empty, as in Jami. Texts are not filled in again.
 * @param room  what may still be filled in; the rest is cut off
 */
export function translate(text: string, locale: Locale, room = roomForTexts()): string {
  return text.replace(/\{\{([^{}]*)\}\}/g, (_, key: string) => {
    const filledIn = (locale.get(key.trim()) ?? '').slice(0, room.characters);
    room.characters -= filledIn.length;
    return filledIn;
  });
}

/** The manifest with its name and description in one language; the id and paths stay. */
export function translateManifest(manifest: Manifest, locale: Locale): Manifest {
  return {
    ...manifest,
    name: printable(translate(manifest.name, locale)) || manifest.id,
    description: translate(manifest.description, locale),
  };
}

/** A name stands in lists and dialogs: nothing in it may reorder or hide the text around it. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '');
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > maxLocaleBytes) throw malformed(`is larger than ${maxLocaleBytes} bytes`);
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    const code = error.reason === 'duplicate-key' ? 'LOCALE_DUPLICATE_KEY' : 'LOCALE_MALFORMED';
    throw new JplError(code, `The locale file ${error.message}.`, { cause: error });
  }
}

function malformed(what: string): JplError {
  return new JplError('LOCALE_MALFORMED', `The locale file ${what}.`);
}
