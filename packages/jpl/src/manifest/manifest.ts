import { entryNameProblem } from '../archive/entry-name.js';
import { quote } from '../archive/header-fields.js';
import { defaultArchiveLimits } from '../archive/limits.js';
import { JplError } from '../error.js';
import { assertPluginId } from './plugin-id.js';
import { isJsonObject, parseStrictJson, StrictJsonError } from './strict-json.js';
import { assertVersion } from './version.js';

/** A plugin's manifest as signed, placeholders not yet translated. */
export interface Manifest {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Path below the package root, e.g. `data/icon.png`; the default where the manifest names none. */
  readonly iconPath: string;
  readonly backgroundPath: string;
}

export const manifestName = 'manifest.json';
/** A larger `manifest.json` is refused unread. */
export const maxManifestBytes = 1024 * 1024;

const defaultIcon = 'icon.png';
const defaultBackground = 'background.jpg';
const maxNameCharacters = 256;
const maxDescriptionCharacters = 16 * 1024;

/**
 * Reads `manifest.json`: strict JSON, `name` and `version` required, `id` falls back to `name`, the rest has defaults;
 * unknown keys are left alone. Placeholders (`{{key}}`) are kept.
 * @throws {JplError} MANIFEST_MALFORMED | MANIFEST_DUPLICATE_KEY | PLUGIN_ID_INVALID | VERSION_INVALID
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  const json = parseJson(bytes);
  if (!isJsonObject(json)) throw malformed('is not a JSON object');
  const name = textOf(json, 'name', maxNameCharacters);
  if (name === undefined || name.trim() === '') throw malformed('has no name');
  if (/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(name))
    throw malformed('has unprintable characters in its name');
  const version = textOf(json, 'version', maxNameCharacters);
  if (version === undefined) throw malformed('has no version');
  assertVersion(version);
  const id = textOf(json, 'id', maxNameCharacters) ?? name;
  assertPluginId(id);
  return Object.freeze({
    id,
    name,
    description: textOf(json, 'description', maxDescriptionCharacters) ?? '',
    version,
    iconPath: imagePath(textOf(json, 'iconPath', maxNameCharacters), defaultIcon),
    backgroundPath: imagePath(textOf(json, 'backgroundPath', maxNameCharacters), defaultBackground),
  });
}

/**
 * Proves that the certificate found by its shape is the manifest's own, `<id>.crt`.
 * @throws {JplError} CERTIFICATE_NAME_MISMATCH
 */
export function manifestNamesCertificate(manifest: Pick<Manifest, 'id'>, certificateEntryName: string): void {
  if (certificateEntryName === `${manifest.id}.crt`) return;
  throw new JplError(
    'CERTIFICATE_NAME_MISMATCH',
    `The certificate is named ${quote(certificateEntryName)}, but the plugin is ${quote(manifest.id)}.`,
    { entry: certificateEntryName },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > maxManifestBytes) throw malformed(`is larger than ${maxManifestBytes} bytes`);
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    const code = error.reason === 'duplicate-key' ? 'MANIFEST_DUPLICATE_KEY' : 'MANIFEST_MALFORMED';
    throw new JplError(code, `The manifest ${error.message}.`, { entry: manifestName, cause: error });
  }
}

function textOf(json: Record<string, unknown>, key: string, maxCharacters: number): string | undefined {
  if (!Object.hasOwn(json, key)) return undefined;
  const value = json[key];
  if (typeof value !== 'string') throw malformed(`has a "${key}" that is not a text`);
  if (value.length > maxCharacters)
    throw malformed(`has a "${key}" of more than ${maxCharacters} characters`);
  return value;
}

/** Images lie below `data/`; Jami completes the path so, and an empty one means the default. */
function imagePath(value: string | undefined, fallback: string): string {
  const path = `data/${value === undefined || value === '' ? fallback : value}`;
  const problem = entryNameProblem(path, defaultArchiveLimits);
  if (problem === undefined && !path.endsWith('/')) return path;
  throw malformed(`names an image that cannot be in a package: ${quote(path)}`);
}

function malformed(what: string): JplError {
  return new JplError('MANIFEST_MALFORMED', `The manifest ${what}.`, { entry: manifestName });
}
