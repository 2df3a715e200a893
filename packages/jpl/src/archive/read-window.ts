import type { ByteSource } from './archive.js';

const windowBytes = 64 * 1024;

/**
 * Reads ahead in blocks, so that walking over thousands of small records costs few reads.
 * Memory: one block of 64 KiB beside what is asked for.
 */
export function windowOver(source: ByteSource): ByteSource {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return {
    size: source.size,
    async read(position, length) {
      const end = position + length;
      if (length > windowBytes || end > source.size) return source.read(position, length);
      if (position < start || end > start + window.length) {
        window = await source.read(position, Math.min(windowBytes, source.size - position));
        start = position;
      }
      return window.subarray(position - start, end - start);
    },
  };
}
