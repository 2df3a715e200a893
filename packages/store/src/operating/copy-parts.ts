import type { BlobStore, StoredPart } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';

const nameOf = ({ upload, number }: StoredPart): string => `${upload}/${number}`;

/** Sees that the target has the pieces of unfinished uploads that the source has, and no others. */
export async function copyParts(source: BlobStore, target: BlobStore, signal: AbortSignal): Promise<number> {
  if (source.place === target.place) return 0;
  const there = new Map<string, StoredPart>();
  for await (const part of target.parts.list()) there.set(nameOf(part), part);
  const uploads = new Set<string>();
  let copied = 0;
  for await (const part of source.parts.list()) {
    signal.throwIfAborted();
    uploads.add(part.upload);
    // A number is used once: of the same size it is the same piece.
    if (there.get(nameOf(part))?.size === part.size) continue;
    copied += (await copyPart(source, target, part)) ? 1 : 0;
  }
  const over = new Set(
    [...there.values()].map(({ upload }) => upload).filter((upload) => !uploads.has(upload)),
  );
  for (const upload of over) await target.parts.delete(upload);
  return copied;
}

/** False: the upload ended meanwhile. */
async function copyPart(source: BlobStore, target: BlobStore, part: StoredPart): Promise<boolean> {
  const opened = await source.parts.open(part.upload, part.number);
  if (opened === undefined) return false;
  const chunks: Buffer[] = [];
  for await (const chunk of opened.read()) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.length !== part.size) {
    throw new StoreError('BLOB_CORRUPT', `A piece of the upload ${part.upload} is cut short.`, {
      file: source.place,
    });
  }
  await target.parts.put(part.upload, part.number, bytes);
  return true;
}
