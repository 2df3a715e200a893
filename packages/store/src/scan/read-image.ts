import { createHash } from 'node:crypto';
import type { ImageRecord } from '../catalog/release-record.js';
import { imageMediaTypeOf } from '../images/image-kind.js';

const maxImageBytes = 2 * 1024 * 1024;

/** An image taken out of a package, to be kept under its digest. */
export interface TakenImage {
  readonly record: ImageRecord;
  readonly bytes: Buffer;
}

/**
 * Takes the image a manifest names. A package without one, or with one that cannot be shown safely, is a good
 * package: the flaw is told and the store shows none.
 */
export async function readImage(
  what: 'icon' | 'background',
  entry: string,
  read: (name: string) => Promise<Buffer | undefined>,
  onFlaw: (what: string) => void,
): Promise<TakenImage | undefined> {
  const bytes = await read(entry);
  if (bytes === undefined) {
    onFlaw(`${what}: there is no "${entry}" of a size that can be shown`);
    return undefined;
  }
  if (bytes.length > maxImageBytes) {
    onFlaw(`${what}: "${entry}" has more than ${maxImageBytes} bytes`);
    return undefined;
  }
  const mediaType = imageMediaTypeOf(bytes);
  if (mediaType === undefined) {
    onFlaw(`${what}: "${entry}" is no PNG, JPEG, GIF, WebP or SVG image`);
    return undefined;
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { record: { entry, sha256, size: bytes.length, mediaType }, bytes };
}
