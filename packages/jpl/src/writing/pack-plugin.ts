import type { Archive, ArchiveEntry } from '../archive/archive.js';
import { openFileSource } from '../archive/file-source.js';
import { openArchive } from '../archive/open-archive.js';
import { JplError } from '../error.js';
import { type Manifest, manifestName, maxManifestBytes, parseManifest } from '../manifest/manifest.js';
import { findManifestEntry, readSmallEntry } from '../package/signed-entries.js';
import { contentSize, type PackageEntry, readContent } from './package-entry.js';
import { readPluginFolder } from './plugin-folder.js';
import { type SigningMaterial, signEntries } from './sign-entries.js';
import { type WriteOptions, writeArchive } from './write-archive.js';

/**
 * Packs a plugin's folder, unsigned, after reading its manifest.
 * @returns the manifest of what was packed
 * @throws {JplError} MANIFEST_* | PLUGIN_ID_INVALID | VERSION_INVALID | what reading the folder or writing throws
 */
export async function packPlugin(
  dir: string,
  outFile: string,
  options: WriteOptions = {},
): Promise<Manifest> {
  const entries = await readPluginFolder(dir);
  const entry = entries.find(({ name }) => name === manifestName);
  if (entry === undefined) {
    throw new JplError('MANIFEST_MISSING', `${dir} holds no ${manifestName}.`, { entry: manifestName });
  }
  if (contentSize(entry) > maxManifestBytes) {
    throw new JplError('ENTRY_TOO_LARGE', `The manifest is larger than ${maxManifestBytes} bytes.`, {
      entry: manifestName,
    });
  }
  const manifest = parseManifest(await readContent(entry));
  await writeArchive(entries, outFile, options);
  return manifest;
}

/**
 * Signs a package, signed before or not; its content stays the same byte for byte. The two files may be one.
 * @returns the manifest of what was signed
 * @throws {JplError} what opening, reading, signing or writing throws
 */
export async function signPackage(
  inFile: string,
  material: SigningMaterial,
  outFile: string,
  options: WriteOptions = {},
): Promise<Manifest> {
  await using source = await openFileSource(inFile);
  const archive = await openArchive(source);
  const manifest = parseManifest(await readSmallEntry(archive, findManifestEntry(archive), maxManifestBytes));
  const entries = archive.entries.map((entry) => entryFrom(archive, entry));
  await writeArchive(await signEntries({ ...material, entries, id: manifest.id }), outFile, options);
  return manifest;
}

function entryFrom(archive: Archive, entry: ArchiveEntry): PackageEntry {
  return { name: entry.name, data: { size: entry.size, open: () => archive.stream(entry) } };
}
