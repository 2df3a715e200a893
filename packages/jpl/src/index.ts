export type { Archive, ArchiveEntry, ArchiveLimits, ByteSource } from './archive/archive.js';
export { bufferSource } from './archive/byte-source.js';
export { type FileSource, fileSource, openFileSource } from './archive/file-source.js';
export { defaultArchiveLimits } from './archive/limits.js';
export { openArchive } from './archive/open-archive.js';
export { type ArchiveErrorCode, JplError, type JplErrorCode, type JplErrorDetail } from './error.js';
export { type InstalledTree, planInstalledTree, preferencesFileName } from './install/installed-tree.js';
export {
  currentPlatform,
  isPlatform,
  libraryOf,
  type Platform,
  platforms,
  platformsOf,
} from './install/platform.js';
export {
  type Manifest,
  manifestName,
  manifestNamesCertificate,
  maxManifestBytes,
  parseManifest,
} from './manifest/manifest.js';
export { assertPluginId, isPluginId } from './manifest/plugin-id.js';
export { assertVersion, compareVersions, isVersion } from './manifest/version.js';
export {
  assertSignatureMapCovers,
  decodeSignatureMap,
  encodeSignatureMap,
  maxSignatureMapBytes,
} from './package/signature-map.js';
export {
  findCertificateEntry,
  findManifestEntry,
  findSignatureMapEntry,
  findSignatureOfMapEntry,
  readSmallEntry,
  signatureHash,
  signatureMapName,
  signatureOfMapName,
  signedEntries,
} from './package/signed-entries.js';
export { decodePreferenceValues, encodePreferenceValues } from './preferences/preference-values.js';
export {
  accountPreferencesName,
  defaultPreferenceValues,
  maxPreferencesBytes,
  type Preference,
  parsePreferences,
  preferencesName,
  preferenceTypes,
  translatePreference,
} from './preferences/preferences.js';
export { negotiateLanguage, preferredLanguages } from './text/language.js';
export {
  fallbackLanguage,
  type Locale,
  languagesOf,
  localeEntryName,
  maxLocaleBytes,
  parseLocale,
  translate,
  translateManifest,
} from './text/locale.js';
export { packPlugin, signPackage } from './writing/pack-plugin.js';
export type { FileContent, PackageEntry, StreamContent } from './writing/package-entry.js';
export { readPluginFolder } from './writing/plugin-folder.js';
export { type SigningMaterial, signEntries } from './writing/sign-entries.js';
export { type WriteOptions, writeArchive } from './writing/write-archive.js';
