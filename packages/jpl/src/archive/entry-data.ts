import { Readable, type TransformOptions } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { JplError } from '../error.js';
import type { ArchiveEntry, ByteSource } from './archive.js';
import { quote } from './header-fields.js';

/** An entry with the place of its data, after all headers were proven. */
export interface LocatedEntry {
  readonly entry: ArchiveEntry;
  readonly dataOffset: number;
}

/** Up to here an entry is inflated in one go on the calling thread; above, in chunks on the thread pool. */
export const wholeReadBytes = 8 * 1024 * 1024;

/** What is inflated at a time; small, because each chunk is memory until the collector comes round. */
const chunkBytes = 128 * 1024;
/** Packed bytes are read in blocks that end at multiples of this, so that a source that keeps blocks hands out views and joins nothing. */
const blockBytes = 128 * 1024;

/**
 * The whole content; of stored entries in memory it may be a view, so do not write into it.
 * @throws {JplError} DATA_MALFORMED | DATA_TRUNCATED | DATA_TRAILING_BYTES | SIZE_MISMATCH | CRC_MISMATCH | READ_FAILED
 */
export async function readEntry(source: ByteSource, located: LocatedEntry): Promise<Buffer> {
  const { entry, dataOffset } = located;
  if (entry.size > wholeReadBytes || entry.compressedSize > wholeReadBytes) return collect(source, located);
  const packed = await source.read(dataOffset, entry.compressedSize);
  const content = entry.method === 'stored' ? packed : inflateWhole(packed, located);
  assertCrc(entry, crc32(content));
  return content;
}

/** The content in chunks of at most 128 KiB (entries up to 8 MiB: one chunk); codes as `readEntry`, thrown at the latest at the end. */
export async function* streamEntry(
  source: ByteSource,
  located: LocatedEntry,
): AsyncGenerator<Buffer, void, undefined> {
  const { entry } = located;
  if (entry.size <= wholeReadBytes && entry.compressedSize <= wholeReadBytes) {
    const content = await readEntry(source, located);
    if (content.length > 0) yield content;
    return;
  }
  let crc = 0;
  const chunks = entry.method === 'stored' ? readAhead(source, located) : inflateChunks(source, located);
  for await (const chunk of chunks) {
    crc = crc32(chunk, crc);
    yield chunk;
  }
  assertCrc(entry, crc);
}

async function collect(source: ByteSource, located: LocatedEntry): Promise<Buffer> {
  const content = Buffer.allocUnsafe(located.entry.size);
  let filled = 0;
  for await (const chunk of streamEntry(source, located)) filled += chunk.copy(content, filled);
  return content;
}

function inflateWhole(packed: Buffer, located: LocatedEntry): Buffer {
  const { entry } = located;
  let result: { buffer: Buffer; engine: { bytesWritten: number } };
  try {
    // One byte more than stated: a stream that holds more cannot stop exactly at its stated end.
    const options = { chunkSize: Math.max(64, entry.size + 1), maxOutputLength: entry.size + 1, info: true };
    // With `info`, Node answers the engine too; its declarations do not say so.
    result = inflateRawSync(packed, options) as unknown as typeof result;
  } catch (cause) {
    throw inflateFailure(located, cause);
  }
  assertExtent(located, result.engine.bytesWritten, result.buffer.length);
  return result.buffer;
}

async function* inflateChunks(
  source: ByteSource,
  located: LocatedEntry,
): AsyncGenerator<Buffer, void, undefined> {
  const { entry } = located;
  const options: ZlibOptions & TransformOptions = {
    chunkSize: chunkBytes,
    readableHighWaterMark: chunkBytes,
  };
  const inflate = createInflateRaw(options);
  const packed = Readable.from(readAhead(source, located), { highWaterMark: 1 });
  packed.on('error', (error) => inflate.destroy(error));
  packed.pipe(inflate);
  let produced = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      produced += chunk.length;
      if (produced > entry.size) assertExtent(located, entry.compressedSize, produced);
      yield chunk;
    }
  } catch (cause) {
    throw cause instanceof JplError ? cause : inflateFailure(located, cause);
  } finally {
    packed.destroy();
    inflate.destroy();
  }
  assertExtent(located, inflate.bytesWritten, produced);
}

/** The packed bytes in order, the next block being read while the last is worked on. */
async function* readAhead(
  source: ByteSource,
  { entry, dataOffset }: LocatedEntry,
): AsyncGenerator<Buffer, void, undefined> {
  const end = dataOffset + entry.compressedSize;
  const blockAt = (position: number) =>
    source.read(position, Math.min(blockBytes - (position % blockBytes), end - position));
  let position = dataOffset;
  let next = position < end ? blockAt(position) : undefined;
  while (next !== undefined) {
    const block = await next;
    position += block.length;
    next = position < end ? blockAt(position) : undefined;
    // A failure is met where the block is awaited, not reported as unhandled meanwhile.
    next?.catch(() => undefined);
    yield block;
  }
}

function assertExtent({ entry, dataOffset }: LocatedEntry, consumed: number, produced: number): void {
  if (produced !== entry.size) {
    const relation = produced > entry.size ? 'more' : 'less';
    throw new JplError(
      'SIZE_MISMATCH',
      `${quote(entry.name)} holds ${relation} than its stated ${entry.size} bytes.`,
      {
        entry: entry.name,
        offset: entry.offset,
      },
    );
  }
  if (consumed !== entry.compressedSize) {
    throw new JplError('DATA_TRAILING_BYTES', `Foreign bytes follow the data of ${quote(entry.name)}.`, {
      entry: entry.name,
      offset: dataOffset + consumed,
    });
  }
}

function assertCrc(entry: ArchiveEntry, crc: number): void {
  if (crc === entry.crc32) return;
  throw new JplError('CRC_MISMATCH', `The content of ${quote(entry.name)} does not match its checksum.`, {
    entry: entry.name,
    offset: entry.offset,
  });
}

function inflateFailure({ entry, dataOffset }: LocatedEntry, cause: unknown): JplError {
  const detail = { entry: entry.name, offset: dataOffset, cause };
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const shown = quote(entry.name);
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return new JplError('SIZE_MISMATCH', `${shown} holds more than its stated ${entry.size} bytes.`, detail);
  }
  if (code === 'Z_BUF_ERROR') {
    return new JplError('DATA_TRUNCATED', `The packed data of ${shown} is cut off.`, detail);
  }
  return new JplError('DATA_MALFORMED', `The packed data of ${shown} is damaged.`, detail);
}
