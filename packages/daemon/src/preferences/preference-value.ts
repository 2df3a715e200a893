import { stat } from 'node:fs/promises';
import { extname, isAbsolute } from 'node:path';
import type { Preference } from '@jami-plugin-store/jpl';
import { DaemonError } from '../error.js';
import { defaultOf } from './preference-definitions.js';

/** Characters of a text, bytes of any value. */
const maxTextCharacters = 4_096;
const maxValueBytes = 16 * 1024;
/** With `u`, only one without its other half matches; it has no UTF-8. */
const halfSurrogate = /[\ud800-\udfff]/u;

/**
 * Whether a value is one of a preference's: what its type, its entries and its bounds say. Its default always is.
 * @throws {DaemonError} PREFERENCE_VALUE_INVALID
 */
export async function assertPreferenceValue(preference: Preference, value: string): Promise<void> {
  if (value.includes('\0') || halfSurrogate.test(value)) throw invalid(preference, 'holds what is no text');
  if (Buffer.byteLength(value) > maxValueBytes)
    throw invalid(preference, `is longer than ${maxValueBytes} bytes`);
  if (value === defaultOf(preference)) return;
  const why = await judgeByType(preference, value);
  if (why !== undefined) throw invalid(preference, `${JSON.stringify(value.slice(0, 64))} ${why}`);
}

type Judge = (fields: ReadonlyMap<string, string>, value: string) => string | undefined;

const judges: Readonly<Record<string, Judge>> = {
  CheckBox: judgeSwitch,
  Switch: judgeSwitch,
  DropDown: judgeChoice,
  List: judgeChoice,
  MultiSelectList: judgeChoices,
  SeekBar: judgeNumber,
};

/** Why a value is none; undefined for one that is. */
async function judgeByType({ type, fields }: Preference, value: string): Promise<string | undefined> {
  if (type === 'Path') return judgePath(fields, value);
  // Texts, and types that only newer clients know.
  const judge = Object.hasOwn(judges, type) ? judges[type] : undefined;
  if (judge !== undefined) return judge(fields, value);
  return value.length > maxTextCharacters ? `is longer than ${maxTextCharacters} characters` : undefined;
}

function judgeSwitch(_fields: ReadonlyMap<string, string>, value: string): string | undefined {
  return ['true', 'false', '1', '0'].includes(value) ? undefined : 'is neither true nor false';
}

/** Jami hands lists over comma-joined, so an entry with a comma cannot be chosen there either. */
function entriesOf(fields: ReadonlyMap<string, string>): string[] | undefined {
  const list = fields.get('entryValues') || fields.get('entries');
  return list === undefined || list === '' ? undefined : list.split(',');
}

function judgeChoice(fields: ReadonlyMap<string, string>, value: string): string | undefined {
  const entries = entriesOf(fields);
  if (entries === undefined || entries.includes(value)) return undefined;
  return `is none of ${describe(entries)}`;
}

function judgeChoices(fields: ReadonlyMap<string, string>, value: string): string | undefined {
  if (value === '') return undefined;
  const chosen = value.split(',');
  if (new Set(chosen).size !== chosen.length) return 'names an entry twice';
  const entries = entriesOf(fields);
  const stranger = entries && chosen.find((one) => !entries.includes(one));
  return stranger === undefined
    ? undefined
    : `has ${JSON.stringify(stranger.slice(0, 64))}, which is none of ${describe(entries ?? [])}`;
}

const decimal = /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/;
/** Of a step: what adding up decimal fractions may lose. */
const tolerance = 1e-6;

function judgeNumber(fields: ReadonlyMap<string, string>, value: string): string | undefined {
  if (!decimal.test(value)) return 'is not a number';
  const [min, max, increment] = ['min', 'max', 'increment'].map((name) => numberOf(fields.get(name)));
  const number = Number(value);
  if (min !== undefined && number < min) return `is less than ${min}`;
  if (max !== undefined && number > max) return `is more than ${max}`;
  if (increment === undefined || increment <= 0) return undefined;
  const steps = (number - (min ?? 0)) / increment;
  // The end of the scale can be chosen also where it is no whole step away.
  if (Math.abs(steps - Math.round(steps)) <= tolerance || number === max) return undefined;
  return `is not in steps of ${increment} from ${min ?? 0}`;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && decimal.test(text) ? Number(text) : undefined;
}

/** What the name of a file tells of its type; of other names nothing is known. */
const typeByExtension: Readonly<Record<string, string>> = {
  '.bmp': 'image/bmp',
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.flac': 'audio/flac',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
  '.avi': 'video/x-msvideo',
  '.mkv': 'video/x-matroska',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
  '.zip': 'application/zip',
};

async function judgePath(fields: ReadonlyMap<string, string>, value: string): Promise<string | undefined> {
  if (!isAbsolute(value)) return 'is not an absolute path';
  const wanted = (fields.get('mimeType') ?? '').split(',').flatMap((type) => type.trim() || []);
  const found = await stat(value).catch(() => undefined);
  if (found === undefined) return 'names nothing that can be read';
  if (wanted.includes('inode/directory')) return found.isDirectory() ? undefined : 'is not a folder';
  if (!found.isFile()) return 'is not a file';
  const type = typeByExtension[extname(value).toLowerCase()];
  if (type === undefined || wanted.length === 0) return undefined;
  const isWanted = wanted.some(
    (one) => one === type || one === '*/*' || (one.endsWith('/*') && type.startsWith(one.slice(0, -1))),
  );
  return isWanted ? undefined : `is ${type}; ${wanted.join(' or ')} is wanted`;
}

function describe(entries: readonly string[]): string {
  const shown = entries.slice(0, 8).map((entry) => JSON.stringify(entry.slice(0, 64)));
  return shown.join(', ') + (entries.length > shown.length ? ', …' : '');
}

function invalid({ type, key }: Preference, why: string): DaemonError {
  return new DaemonError('PREFERENCE_VALUE_INVALID', `The ${type} ${JSON.stringify(key)}: the value ${why}.`);
}
