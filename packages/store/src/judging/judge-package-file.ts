import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { manifestName, openArchive, openFileSource, platformsOf } from '@jami-plugin-store/jpl';
import {
  type AskRevocation,
  judgePackage,
  type RevocationMode,
  type TrustAnchor,
  type VerifiedPlugin,
} from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';
import type { ImageRenderer } from '../images/render-image.js';
import { checkPreferences } from './check-preferences.js';
import { readCategories } from './read-categories.js';
import { readImage, type TakenImage } from './read-image.js';
import { readTexts, type Texts } from './read-texts.js';
import { VerifiedContent } from './verified-content.js';

/** Largest file of a package that is read back for what the store shows. */
const maxMetadataBytes = 4 * 1024 * 1024;

export interface JudgePolicy {
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly images: ImageRenderer;
  /** Told how each judgement ended, and how long it took. */
  readonly onJudged?: ((outcome: 'accepted' | 'refused', seconds: number) => void) | undefined;
}

export interface JudgePackageFileRequest extends JudgePolicy {
  /** The package: its bytes are judged, and its digest, size and stamp are about the same bytes. */
  readonly path: string;
  /** Lowercase hex, where the bytes were hashed already, as they came into a file of nobody else's. */
  readonly sha256?: string | undefined;
  readonly at: Date;
  readonly signal: AbortSignal;
}

/** A package that passed, and what the store shows of it; all of it read from verified bytes. */
export interface JudgedPackage {
  readonly sha256: string;
  readonly size: number;
  /** Time of the file's last change. */
  readonly mtimeMs: number;
  readonly plugin: VerifiedPlugin;
  /**
   * Digest over names, kinds and digests of all signed entries: two packages have the same one where they have the same content, whoever
   * signed them and however they are packed.
   */
  readonly contentSha256: string;
  /** Those a request can name, sorted; `any` = no library at all, so it depends on none. */
  readonly platforms: readonly string[] | 'any';
  /** The first instant at which a certificate of its path has expired. */
  readonly expiresAt: Date;
  /** Language -> texts; always has one language at least. */
  readonly texts: Texts;
  readonly categories: readonly string[];
  readonly icon: TakenImage | undefined;
  readonly background: TakenImage | undefined;
  /** What of a good package cannot be shown, e.g. an icon in no known format. */
  readonly flaws: readonly string[];
}

/**
 * Judges a package exactly as an installer would and reads what the store shows of it, out of verified bytes only. The file is opened once.
 * @throws {JplError | TrustError} the judge's reason
 * @throws {StoreError} PACKAGE_CHANGED_ON_DISK when it was written to meanwhile · TEXT_TOO_LONG | CATEGORIES_MALFORMED
 */
export async function judgePackageFile(request: JudgePackageFileRequest): Promise<JudgedPackage> {
  const begun = performance.now();
  const told = (outcome: 'accepted' | 'refused'): void =>
    request.onJudged?.(outcome, (performance.now() - begun) / 1000);
  try {
    const judged = await judge(request);
    told('accepted');
    return judged;
  } catch (error) {
    told('refused');
    throw error;
  }
}

async function judge(request: JudgePackageFileRequest): Promise<JudgedPackage> {
  const { path, anchors, revocation, ask, at, signal, images } = request;
  await using source = await openFileSource(path);
  const before = await stampOf(source.handle);
  const sha256 = request.sha256 ?? (await digestOf(source.handle, source.size, signal));
  const archive = await openArchive(source);
  const content = new VerifiedContent(maxMetadataBytes);
  const plugin = await judgePackage(archive, { anchors, at, revocation, ask, sink: content, signal });
  const flaws: string[] = [];
  const onFlaw = (what: string): void => void flaws.push(what);
  const read = (name: string) => content.read(archive, name);
  const { manifest } = plugin;
  const texts = await readTexts(archive, manifest, read, onFlaw);
  const categories = readCategories(await read(manifestName));
  await checkPreferences(read, onFlaw);
  const image = { read, images, signal, onFlaw };
  const icon = await readImage('icon', manifest.iconPath, image);
  const background = await readImage('background', manifest.backgroundPath, image);
  const after = await stampOf(source.handle);
  if (!isSameStamp(before, after)) {
    throw new StoreError('PACKAGE_CHANGED_ON_DISK', 'The package was written to while it was judged.', {
      file: path,
    });
  }
  return {
    sha256,
    size: source.size,
    mtimeMs: after.mtimeMs,
    plugin,
    contentSha256: content.digest(plugin.entries),
    platforms: platformsIn(plugin),
    expiresAt: expiryOf(plugin),
    texts,
    categories,
    icon,
    background,
    flaws,
  };
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

/** Platforms it has libraries for, those only that a request can name; a package of data only runs anywhere. */
function platformsIn({ entries }: VerifiedPlugin): JudgedPackage['platforms'] {
  const platforms = platformsOf(entries);
  return platforms.length === 0 ? 'any' : platforms.filter((name) => /^[A-Za-z0-9._-]{1,64}$/.test(name));
}

function expiryOf({ path }: VerifiedPlugin): Date {
  return new Date(Math.min(...path.map(({ notAfter }) => notAfter.getTime())));
}
