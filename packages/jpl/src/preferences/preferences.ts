import { JplError } from '../error.js';
import { isJsonObject, parseStrictJson, StrictJsonError } from '../manifest/strict-json.js';
import { type Locale, roomForTexts, translate } from '../text/locale.js';

/** What a user may set globally, and for one account, below the package's root. */
export const preferencesName = 'data/preferences.json';
export const accountPreferencesName = 'data/accountpreferences.json';
/** A larger preference file is refused unread. */
export const maxPreferencesBytes = 1024 * 1024;

/** The types Jami's client has an input for. */
export const preferenceTypes = [
  'CheckBox',
  'DropDown',
  'EditText',
  'List',
  'MultiSelectList',
  'Path',
  'SeekBar',
  'Switch',
] as const;

export interface Preference {
  /** One of `preferenceTypes`; others are kept as they are, for clients that know more. */
  readonly type: string;
  readonly key: string;
  /** Every field as text, `type` and `key` included, as Jami's D-Bus call hands them over. */
  readonly fields: ReadonlyMap<string, string>;
}

const maxPreferences = 1_000;

/**
 * Reads a preference file: an array of objects with `type` and `key`; lists become comma-joined texts; of a key that
 * comes twice the first counts, as in Jami.
 * @throws {JplError} PREFERENCES_MALFORMED | PREFERENCES_DUPLICATE_KEY (a field twice in one object)
 */
export function parsePreferences(bytes: Uint8Array): readonly Preference[] {
  const json = parseJson(bytes);
  if (!Array.isArray(json)) throw malformed('are not a JSON array');
  if (json.length > maxPreferences) throw malformed(`are more than ${maxPreferences}`);
  const preferences = new Map<string, Preference>();
  for (const item of json) {
    const preference = preferenceOf(item);
    if (!preferences.has(preference.key)) preferences.set(preference.key, preference);
  }
  return [...preferences.values()];
}

/** The preference with its placeholders filled in; type and key stay. */
export function translatePreference(preference: Preference, locale: Locale): Preference {
  const fields = new Map<string, string>();
  const room = roomForTexts();
  for (const [name, text] of preference.fields) {
    fields.set(name, name === 'type' || name === 'key' ? text : translate(text, locale, room));
  }
  return { ...preference, fields };
}

/**
 * The values before anybody set any.
 * @param installRoot  absolute; completes the default of a `Path`
 */
export function defaultPreferenceValues(
  preferences: Iterable<Preference>,
  installRoot: string,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { type, key, fields } of preferences) {
    const value = fields.get('defaultValue');
    if (value !== undefined) values.set(key, type === 'Path' ? `${installRoot}/${value}` : value);
  }
  return values;
}

function preferenceOf(item: unknown): Preference {
  if (!isJsonObject(item)) throw malformed('hold something that is not an object');
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(item)) fields.set(name, textOf(name, value));
  const type = fields.get('type') ?? '';
  const key = fields.get('key') ?? '';
  if (type === '' || key === '') throw malformed('hold one without type or key');
  return { type, key, fields };
}

function textOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((part) => textOf(name, part)).join(',');
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformed(`have an object as ${JSON.stringify(name)}`);
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > maxPreferencesBytes) throw malformed(`are larger than ${maxPreferencesBytes} bytes`);
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    const code = error.reason === 'duplicate-key' ? 'PREFERENCES_DUPLICATE_KEY' : 'PREFERENCES_MALFORMED';
    throw new JplError(code, `The preferences file ${error.message}.`, { cause: error });
  }
}

function malformed(what: string): JplError {
  return new JplError('PREFERENCES_MALFORMED', `The preferences ${what}.`);
}
