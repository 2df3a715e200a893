import { createHash } from 'node:crypto';
import { StoreError } from '../error.js';
import type { ImagePurpose } from '../images/image-order.js';
import type { ImageRenderer, RenderedImage } from '../images/render-image.js';

/** An image made out of a package's, to be kept under its own digest. */
export interface TakenImage extends RenderedImage {
  /** Entry of the package it was made from, e.g. `data/icon.png`. */
  readonly entry: string;
  readonly sha256: string;
}

/**
 * Takes the image a manifest names. A package without one, or with one that cannot be shown safely, is a good package: the flaw is told and
 * the store shows none.
 */
export async function readImage(
  what: ImagePurpose,
  entry: string,
  from: {
    readonly read: (name: string) => Promise<Buffer | undefined>;
    readonly images: ImageRenderer;
    readonly signal: AbortSignal;
    readonly onFlaw: (what: string) => void;
  },
): Promise<TakenImage | undefined> {
  const source = await from.read(entry);
  if (source === undefined) {
    from.onFlaw(`${what}: there is no "${entry}" of a size that can be shown`);
    return undefined;
  }
  try {
    const image = await from.images.render(source, what, from.signal);
    return { ...image, entry, sha256: createHash('sha256').update(image.bytes).digest('hex') };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'IMAGE_REFUSED') throw error;
    from.onFlaw(`${what}: "${entry}": ${error.message}`);
    return undefined;
  }
}
