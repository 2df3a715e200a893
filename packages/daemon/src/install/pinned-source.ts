import { createHash } from 'node:crypto';
import type { ByteSource } from '@jami-plugin-store/jpl';
import { DaemonError } from '../error.js';

/** A source whose every byte is the same each time it is read. */
export interface PinnedSource extends ByteSource {
  /**
   * SHA-256 of all bytes, lowercase hex: of the same bytes that were handed out.
   * @throws {DaemonError} PACKAGE_CHANGED_WHILE_READ
   */
  sha256(signal?: AbortSignal): Promise<string>;
}

export interface PinOptions {
  readonly chunkBytes?: number | undefined;
  /** Chunks kept in memory; the others are read again and compared. */
  readonly maxCachedBytes?: number | undefined;
}

/**
 * Pins a file's content while it is judged: somebody may write to it meanwhile, and the package whose digest was compared
 * must be the package whose signatures were verified. Each chunk's digest is kept from its first read on; a chunk that
 * is read again, because it no longer is in memory, must have it.
 * Reads throw PACKAGE_CHANGED_WHILE_READ (DaemonError) besides the source's own errors.
 */
export function pinSource(source: ByteSource, options: PinOptions = {}): PinnedSource {
  const chunkBytes = options.chunkBytes ?? 256 * 1024;
  const chunks = chunkReader(source, chunkBytes, options.maxCachedBytes ?? 32 * 1024 * 1024);

  const read = async (position: number, length: number): Promise<Buffer> => {
    const end = position + length;
    // The source knows what reading past its end is.
    if (position < 0 || length <= 0 || end > source.size) return source.read(position, length);
    const first = Math.floor(position / chunkBytes);
    const last = Math.floor((end - 1) / chunkBytes);
    if (first === last) {
      const chunk = await chunks(first);
      return chunk.subarray(position - first * chunkBytes, end - first * chunkBytes);
    }
    const parts: Buffer[] = [];
    for (let index = first; index <= last; index += 1) {
      const chunk = await chunks(index);
      const from = index === first ? position - first * chunkBytes : 0;
      const to = index === last ? end - last * chunkBytes : chunk.length;
      parts.push(chunk.subarray(from, to));
    }
    return Buffer.concat(parts, length);
  };

  const sha256 = async (signal?: AbortSignal): Promise<string> => {
    const hash = createHash('sha256');
    for (let index = 0; index * chunkBytes < source.size; index += 1) {
      signal?.throwIfAborted();
      hash.update(await chunks(index));
    }
    return hash.digest('hex');
  };

  return { size: source.size, read, sha256 };
}

function chunkReader(
  source: ByteSource,
  chunkBytes: number,
  maxCachedBytes: number,
): (index: number) => Promise<Buffer> {
  const digests = new Map<number, string>();
  // In order of use, the oldest first.
  const cache = new Map<number, Promise<Buffer>>();
  const maxCached = Math.max(1, Math.floor(maxCachedBytes / chunkBytes));

  const load = async (index: number): Promise<Buffer> => {
    const position = index * chunkBytes;
    const chunk = await source.read(position, Math.min(chunkBytes, source.size - position));
    const digest = createHash('sha256').update(chunk).digest('base64');
    const known = digests.get(index);
    if (known === undefined) digests.set(index, digest);
    else if (known !== digest) {
      throw new DaemonError(
        'PACKAGE_CHANGED_WHILE_READ',
        'The package file was changed by another program while it was being verified.',
      );
    }
    return chunk;
  };

  return (index) => {
    const cached = cache.get(index);
    const chunk = cached ?? load(index);
    cache.delete(index);
    cache.set(index, chunk);
    if (cached === undefined) {
      chunk.catch(() => cache.delete(index));
      for (const oldest of cache.keys()) {
        if (cache.size <= maxCached) break;
        cache.delete(oldest);
      }
    }
    return chunk;
  };
}
