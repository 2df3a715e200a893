import { JplError } from '../error.js';
import type { ByteSource } from './archive.js';

/** A source over bytes already in memory. What it reads are views, not copies: do not change them. */
export function bufferSource(bytes: Uint8Array): ByteSource {
  const memory = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: memory.length,
    async read(position, length) {
      assertWithin(position, length, memory.length);
      return memory.subarray(position, position + length);
    },
  };
}

/** @throws {JplError} READ_FAILED when the range is not inside the source */
export function assertWithin(position: number, length: number, size: number): void {
  const lawful =
    Number.isSafeInteger(position) && Number.isSafeInteger(length) && position >= 0 && length >= 0;
  if (lawful && position + length <= size) return;
  throw new JplError('READ_FAILED', `The file has no ${length} bytes at offset ${position}.`, {
    offset: position,
  });
}
