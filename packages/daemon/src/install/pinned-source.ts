import { createHash, type Hash } from 'node:crypto';
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
  /** Default: a small file is one chunk, so it is read once; a large one is cut. */
  readonly chunkBytes?: number | undefined;
  /** Chunks kept in memory, at least one; the others are read again and compared. */
  readonly maxCachedBytes?: number | undefined;
}

/** The archive reader holds files up to here as a whole, too. */
const maxWholeBytes = 8 * 1024 * 1024;

/**
 * Pins a file's content while it is judged: somebody may write to it meanwhile, and the package whose digest was compared
 * must be the package whose signatures were verified. Every chunk is known from its first read on; read again, because it
 * no longer is in memory, it must be the same. The digest of the whole grows with the chunks as they come.
 * Reads throw PACKAGE_CHANGED_WHILE_READ (DaemonError) besides the source's own errors.
 */
export function pinSource(source: ByteSource, options: PinOptions = {}): PinnedSource {
  const chunkBytes = options.chunkBytes ?? (source.size <= maxWholeBytes ? source.size : 128 * 1024);
  const pins = new ChunkPins(Math.ceil(source.size / chunkBytes));
  const maxCached = Math.max(1, Math.floor((options.maxCachedBytes ?? 1024 * 1024) / chunkBytes));
  const chunks = chunkReader(source, chunkBytes, maxCached, pins);

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
    while (pins.next !== undefined) {
      signal?.throwIfAborted();
      await chunks(pins.next);
    }
    signal?.throwIfAborted();
    return pins.sha256();
  };

  return { size: source.size, read, sha256 };
}

/**
 * What each chunk is known by. One that came in its turn: by the state of the whole's hash before and after it, which costs nothing
 * beside hashing the whole. One that left memory before its turn: by a digest of its own.
 */
class ChunkPins {
  readonly #count: number;
  /** The whole's hash before each chunk that had its turn, and after the last of them. */
  readonly #states: Hash[] = [createHash('sha256')];
  readonly #early = new Map<number, Buffer>();

  constructor(count: number) {
    this.#count = count;
  }

  /** The chunk whose turn it is; undefined when all had theirs. */
  get next(): number | undefined {
    const next = this.#states.length - 1;
    return next < this.#count ? next : undefined;
  }

  /** The chunk's turn has come. */
  append(chunk: Buffer): void {
    const state = this.#stateBefore(this.#states.length - 1);
    this.#early.delete(this.#states.length - 1);
    this.#states.push(state.copy().update(chunk));
  }

  /** The chunk leaves memory: it must be known when it comes again. */
  remember(index: number, chunk: Buffer): void {
    if (index < this.#states.length - 1 || this.#early.has(index)) return;
    this.#early.set(index, createHash('sha256').update(chunk).digest());
  }

  /** True for a chunk that was never seen, too. */
  isAsKnown(index: number, chunk: Buffer): boolean {
    if (index < this.#states.length - 1) {
      const after = this.#stateBefore(index).copy().update(chunk).digest();
      return after.equals(
        this.#stateBefore(index + 1)
          .copy()
          .digest(),
      );
    }
    const early = this.#early.get(index);
    return early === undefined || early.equals(createHash('sha256').update(chunk).digest());
  }

  sha256(): string {
    return this.#stateBefore(this.#count).copy().digest('hex');
  }

  #stateBefore(index: number): Hash {
    const state = this.#states[index];
    if (state === undefined) throw new RangeError(`Chunk ${index} had not its turn yet`);
    return state;
  }
}

interface CachedChunk {
  readonly loading: Promise<Buffer>;
  /** Set once it was compared; only then may it count as known. */
  loaded?: Buffer | undefined;
}

function chunkReader(
  source: ByteSource,
  chunkBytes: number,
  maxCached: number,
  pins: ChunkPins,
): (index: number) => Promise<Buffer> {
  // In order of use, the oldest first.
  const cache = new Map<number, CachedChunk>();

  const appendInMemory = (): void => {
    for (;;) {
      const chunk = pins.next === undefined ? undefined : cache.get(pins.next)?.loaded;
      if (chunk === undefined) return;
      pins.append(chunk);
    }
  };

  const makeRoom = (): void => {
    for (const [index, { loaded }] of cache) {
      if (cache.size <= maxCached) return;
      // One that is still being read has nothing to be known by.
      if (loaded === undefined) continue;
      pins.remember(index, loaded);
      cache.delete(index);
    }
  };

  const load = async (index: number): Promise<Buffer> => {
    const position = index * chunkBytes;
    const chunk = await source.read(position, Math.min(chunkBytes, source.size - position));
    if (pins.isAsKnown(index, chunk)) return chunk;
    throw new DaemonError(
      'PACKAGE_CHANGED_WHILE_READ',
      'The package file was changed by another program while it was being verified.',
    );
  };

  return async (index) => {
    const cached = cache.get(index) ?? { loading: load(index) };
    cache.delete(index);
    cache.set(index, cached);
    try {
      const chunk = await cached.loading;
      if (cached.loaded === undefined) {
        cached.loaded = chunk;
        appendInMemory();
        makeRoom();
      }
      return chunk;
    } catch (error) {
      if (cache.get(index) === cached) cache.delete(index);
      throw error;
    }
  };
}
