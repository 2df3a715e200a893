import type { KeyObject } from 'node:crypto';
import {
  type Archive,
  type ArchiveEntry,
  assertSignatureMapCovers,
  findSignatureMapEntry,
  findSignatureOfMapEntry,
  JplError,
  manifestName,
  maxSignatureMapBytes,
  signedEntries,
} from '@jami-plugin-store/jpl';
import { TrustError } from '../error.js';
import { verifyEvidence } from './signature-check.js';
import type { EntrySink } from './verified-plugin.js';
import { verifyEntries } from './verify-entries.js';

export interface VerifiedContents {
  readonly signatures: Buffer;
  readonly signaturesSig: Buffer;
  /** Undefined where the package has none, or one so large that it passed by in chunks. */
  readonly manifestBytes: Buffer | undefined;
  readonly files: number;
  readonly bytes: number;
}

export interface SignatureVerification {
  readonly publicKey: KeyObject;
  readonly sink?: EntrySink | undefined;
  readonly signal: AbortSignal;
  /** Files whose signature holds, of all signed files. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * The signature stage of a verdict: the map's own signature, then the map, then every entry against it.
 * @throws {TrustError} SIGNATURE_OF_MAP_INVALID | SIGNATURE_INVALID
 * @throws {JplError} SIGNATURE_MAP_* | SIGNATURE_OF_MAP_MISSING | ENTRY_NOT_SIGNED | SIGNATURE_WITHOUT_ENTRY | data codes
 */
export async function verifySignatures(
  archive: Archive,
  { publicKey, sink, signal, onProgress }: SignatureVerification,
): Promise<VerifiedContents> {
  const { signatures, signaturesSig } = await readEvidence(archive, publicKey);
  const map = await verifyEvidence({ signatures, signaturesSig, publicKey });
  assertSignatureMapCovers(map, archive);

  const entries = signedEntries(archive).map((entry) => {
    const signature = map.get(entry.name);
    if (signature === undefined) throw notSigned(entry);
    return { entry, signature };
  });
  const files = entries.filter(({ entry }) => entry.kind === 'file').length;
  let done = 0;
  let manifestBytes: Buffer | undefined;
  onProgress?.(0, files);
  await verifyEntries(archive, entries, {
    publicKey,
    sink,
    signal,
    onVerified: (entry, content) => {
      if (entry.name === manifestName) manifestBytes = content;
      if (entry.kind === 'directory') return;
      done += 1;
      onProgress?.(done, files);
    },
  });
  const bytes = entries.reduce((sum, { entry }) => sum + entry.size, 0);
  return { signatures, signaturesSig, manifestBytes, files, bytes };
}

async function readEvidence(archive: Archive, publicKey: KeyObject) {
  const mapEntry = findSignatureMapEntry(archive);
  const signatureEntry = findSignatureOfMapEntry(archive);
  // RFC 8017 8.2.2: a signature is exactly as long as the modulus. Checked before anything is read.
  if (signatureEntry.size !== modulusBytes(publicKey)) {
    throw new TrustError('SIGNATURE_OF_MAP_INVALID', "The signature of the list has not the key's length.", {
      entry: signatureEntry.name,
    });
  }
  if (mapEntry.size > maxSignatureMapBytes) {
    throw new JplError('SIGNATURE_MAP_MALFORMED', 'The list of signatures is too large.', {
      entry: mapEntry.name,
    });
  }
  const [signatures, signaturesSig] = await Promise.all([
    archive.read(mapEntry),
    archive.read(signatureEntry),
  ]);
  return { signatures, signaturesSig };
}

function modulusBytes(publicKey: KeyObject): number {
  return Math.ceil((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

function notSigned(entry: ArchiveEntry): JplError {
  return new JplError('ENTRY_NOT_SIGNED', `"${entry.name}" is not signed.`, { entry: entry.name });
}
