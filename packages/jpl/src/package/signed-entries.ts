import type { Archive, ArchiveEntry } from '../archive/archive.js';
import { quote } from '../archive/header-fields.js';
import { JplError, type JplErrorCode } from '../error.js';
import { manifestName } from '../manifest/manifest.js';

/** The MessagePack map entry name -> signature of that entry's content. */
export const signatureMapName = 'signatures';
/** The signature of the bytes of `signatures`. */
export const signatureOfMapName = 'signatures.sig';
/** Node's name of the one scheme: RSA PKCS#1 v1.5 (RFC 8017 8.2) with SHA-512, by the plugin's key. */
export const signatureHash = 'RSA-SHA512';

type Entries = Pick<Archive, 'entries'>;

/**
 * The certificate entry, found by shape before anything is trusted: the only `*.crt` in the archive's root.
 * @throws {JplError} CERTIFICATE_MISSING | CERTIFICATE_NOT_UNIQUE
 */
export function findCertificateEntry(archive: Entries): ArchiveEntry {
  // A disk that ignores case takes `B.CRT` for a certificate too, so it counts as a second one.
  const candidates = archive.entries.filter(({ name }) => !name.includes('/') && /\.crt$/i.test(name));
  const [only, second] = candidates;
  if (second !== undefined) {
    throw new JplError('CERTIFICATE_NOT_UNIQUE', 'The package carries more than one certificate file.', {
      entry: second.name,
      offset: second.offset,
    });
  }
  if (only === undefined || !only.name.endsWith('.crt')) {
    throw new JplError('CERTIFICATE_MISSING', 'The package carries no certificate file (*.crt).');
  }
  return only;
}

/**
 * Every entry that must carry a signature, folders included (they are signed over empty content). This is the one
 * definition of which bytes are signed: all but the certificate, `signatures` and `signatures.sig` in the root.
 * @throws {JplError} CERTIFICATE_MISSING | CERTIFICATE_NOT_UNIQUE
 */
export function signedEntries(archive: Entries): readonly ArchiveEntry[] {
  const certificate = findCertificateEntry(archive);
  return archive.entries.filter((entry) => entry !== certificate && !isSignatureEntryName(entry.name));
}

export function isSignatureEntryName(name: string): boolean {
  return name === signatureMapName || name === signatureOfMapName;
}

/** @throws {JplError} SIGNATURE_MAP_MISSING */
export function findSignatureMapEntry(archive: Pick<Archive, 'get'>): ArchiveEntry {
  return requireEntry(archive, signatureMapName, 'SIGNATURE_MAP_MISSING');
}

/** @throws {JplError} SIGNATURE_OF_MAP_MISSING */
export function findSignatureOfMapEntry(archive: Pick<Archive, 'get'>): ArchiveEntry {
  return requireEntry(archive, signatureOfMapName, 'SIGNATURE_OF_MAP_MISSING');
}

/** @throws {JplError} MANIFEST_MISSING */
export function findManifestEntry(archive: Pick<Archive, 'get'>): ArchiveEntry {
  return requireEntry(archive, manifestName, 'MANIFEST_MISSING');
}

/**
 * Reads an entry that is held in memory and parsed, and so must be small.
 * @throws {JplError} ENTRY_TOO_LARGE, before anything is read, or a data code
 */
export async function readSmallEntry(
  archive: Archive,
  entry: ArchiveEntry,
  maxBytes: number,
): Promise<Buffer> {
  if (entry.size <= maxBytes) return archive.read(entry);
  throw new JplError('ENTRY_TOO_LARGE', `${quote(entry.name)} is larger than ${maxBytes} bytes.`, {
    entry: entry.name,
    offset: entry.offset,
  });
}

function requireEntry(archive: Pick<Archive, 'get'>, name: string, code: JplErrorCode): ArchiveEntry {
  const entry = archive.get(name);
  if (entry === undefined) throw new JplError(code, `The package carries no ${name}.`, { entry: name });
  return entry;
}
