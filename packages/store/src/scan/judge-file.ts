import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { openArchive, openFileSource, platformsOf } from '@jami-plugin-store/jpl';
import {
  type AskRevocation,
  judgePackage,
  type RevocationMode,
  type TrustAnchor,
  type VerifiedPlugin,
} from '@jami-plugin-store/trust';
import type { ReleaseRecord } from '../catalog/release-record.js';
import { StoreError } from '../error.js';
import { readImage, type TakenImage } from './read-image.js';
import { readTexts } from './read-texts.js';
import { VerifiedContent } from './verified-content.js';

/** Largest file of a package that metadata is read from. */
const maxMetadataBytes = 4 * 1024 * 1024;

export interface JudgeFileRequest {
  /** Folder and plain name of the package. */
  readonly folder: string;
  readonly file: string;
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly at: Date;
  readonly signal: AbortSignal;
  /** Told what of a good package cannot be shown, e.g. an icon in no known format. */
  readonly onFlaw: (what: string) => void;
}

export interface JudgedFile {
  readonly record: ReleaseRecord;
  readonly images: readonly TakenImage[];
}

/**
 * Judges a package exactly as an installer would and reads what the store shows of it, out of verified bytes only.
 * The file is opened once; size, times of change and digest all belong to the bytes that were judged.
 * @throws {JplError | TrustError} the judge's reason
 * @throws {StoreError} PACKAGE_CHANGED_ON_DISK when it was written to meanwhile · TEXT_TOO_LONG
 */
export async function judgeFile(request: JudgeFileRequest): Promise<JudgedFile> {
  const { folder, file, anchors, revocation, ask, at, signal, onFlaw } = request;
  await using source = await openFileSource(join(folder, file));
  const before = await stampOf(source.handle);
  const sha256 = await digestOf(source.handle, source.size, signal);
  const archive = await openArchive(source);
  const content = new VerifiedContent(maxMetadataBytes);
  const plugin = await judgePackage(archive, { anchors, at, revocation, ask, sink: content, signal });
  const read = (name: string) => content.read(archive, name);
  const { manifest } = plugin;
  const texts = await readTexts(archive, manifest, read, onFlaw);
  const icon = await readImage('icon', manifest.iconPath, read, onFlaw);
  const background = await readImage('background', manifest.backgroundPath, read, onFlaw);
  const after = await stampOf(source.handle);
  if (!isSameStamp(before, after)) {
    throw new StoreError('PACKAGE_CHANGED_ON_DISK', `${file} was written to while it was judged.`, { file });
  }
  const timestamp = at.toISOString();
  const record: ReleaseRecord = {
    format: 1,
    id: plugin.id,
    version: plugin.version,
    publisher: publisherOf(plugin),
    anchor: plugin.anchor.certificate.fingerprint,
    revocation,
    platforms: platformsIn(plugin),
    sha256,
    size: source.size,
    file,
    mtimeMs: after.mtimeMs,
    timestamp,
    expiresAt: expiryOf(plugin).toISOString(),
    texts,
    icon: icon?.record ?? null,
    background: background?.record ?? null,
  };
  return { record, images: [icon, background].filter((image) => image !== undefined) };
}

interface Stamp {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mtimeMs: number;
}

async function stampOf(handle: FileHandle): Promise<Stamp> {
  const { size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return { size, mtimeNs, ctimeNs, mtimeMs: (await handle.stat()).mtimeMs };
}

function isSameStamp(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

const digestChunkBytes = 1024 * 1024;

async function digestOf(handle: FileHandle, size: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(digestChunkBytes, size));
  for (let position = 0; position < size; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, size - position), position);
    if (bytesRead === 0)
      throw new StoreError('PACKAGE_CHANGED_ON_DISK', 'The package shrank while it was read.');
    hash.update(chunk.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}

function publisherOf({ publisher }: VerifiedPlugin): ReleaseRecord['publisher'] {
  const { name, organization, pluginKey } = publisher;
  return { name, ...(organization === undefined ? {} : { organization }), pluginKey };
}

/** Platforms it has libraries for, those only that a request can name; a package of data only runs anywhere. */
function platformsIn({ entries }: VerifiedPlugin): ReleaseRecord['platforms'] {
  const platforms = platformsOf(entries);
  return platforms.length === 0 ? 'any' : platforms.filter((name) => /^[A-Za-z0-9._-]{1,64}$/.test(name));
}

function expiryOf({ path }: VerifiedPlugin): Date {
  return new Date(Math.min(...path.map(({ notAfter }) => notAfter.getTime())));
}
