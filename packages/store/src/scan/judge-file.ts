import type { FileHandle } from 'node:fs/promises';
import { openFileSource } from '@jami-plugin-store/jpl';
import type { BlobStore, ReceivedBlob } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import { type JudgedPackage, type JudgePolicy, judgePackageFile } from '../judging/judge-package-file.js';
import { defaultUploadLimits } from '../uploads/uploads.js';

export interface JudgedFile extends AsyncDisposable {
  readonly judged: JudgedPackage;
  /** The bytes that were judged. */
  readonly received: ReceivedBlob;
}

/**
 * Takes the bytes of a file, and judges what was taken: whatever becomes of the file meanwhile, what is judged is what is kept.
 * @throws {JplError | TrustError} the judge's reason
 * @throws {StoreError} PACKAGE_CHANGED_ON_DISK when it was written to meanwhile · PACKAGE_TOO_LARGE · TEXT_TOO_LONG · STORAGE_FULL
 */
export async function judgeFile(
  path: string,
  { blobs, judging, at, signal }: { blobs: BlobStore; judging: JudgePolicy; at: Date; signal: AbortSignal },
): Promise<JudgedFile> {
  const received = await receive(path, blobs, signal);
  try {
    const { path: own, sha256 } = received;
    const judged = await judgePackageFile({ ...judging, path: own, sha256, at, signal });
    return { judged, received, [Symbol.asyncDispose]: () => received[Symbol.asyncDispose]() };
  } catch (error) {
    await received[Symbol.asyncDispose]();
    throw error;
  }
}

async function receive(path: string, blobs: BlobStore, signal: AbortSignal): Promise<ReceivedBlob> {
  await using source = await openFileSource(path);
  const before = await stampOf(source.handle);
  const { maxPackageBytes: maxBytes } = defaultUploadLimits;
  const bytes = source.handle.createReadStream({ start: 0, autoClose: false });
  const received = await blobs.receive(bytes, { maxBytes, signal });
  if (before === (await stampOf(source.handle))) return received;
  await received[Symbol.asyncDispose]();
  throw new StoreError('PACKAGE_CHANGED_ON_DISK', 'The package was written to while it was read.', {
    file: path,
  });
}

async function stampOf(handle: FileHandle): Promise<string> {
  const { size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return `${size} ${mtimeNs} ${ctimeNs}`;
}
