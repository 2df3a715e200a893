import { constants, type ReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRecord } from '../catalog/release-record.js';
import { StoreError } from '../error.js';
import type { ByteRange } from './byte-range.js';

export interface PackageSourceLimits {
  /** Packages up to this size may be held in memory. */
  readonly maxHeldPackageBytes: number;
  /** All held packages together, those that slow readers still hold on to included. */
  readonly maxHeldBytes: number;
  /** Read ahead for each download from disk. */
  readonly chunkBytes: number;
}

const defaultLimits: PackageSourceLimits = {
  maxHeldPackageBytes: 16 * 1024 * 1024,
  maxHeldBytes: 128 * 1024 * 1024,
  chunkBytes: 128 * 1024,
};

/** A published package opened for one answer. */
export interface OpenPackage {
  /** The bytes of a range, from memory or from disk. Called once at most; then the answer's end must `release`. */
  take(range: ByteRange): Buffer | ReadStream;
  release(): Promise<void>;
}

interface Held {
  readonly bytes: Buffer;
  users: number;
}

/** Digests remembered as asked for once; the second time a package is worth holding. */
const maxAskedOnce = 4096;

/**
 * The bytes of published packages. What is asked for again and again is held in memory, within one bound that no
 * number of slow readers can stretch; the rest is streamed. Either way the file is looked at for each answer: while
 * its size and time of change are not the recorded ones, nothing of it is served.
 */
export class PackageSource {
  readonly #folder: string;
  readonly #limits: PackageSourceLimits;
  /** By digest, least recently used first. */
  readonly #held = new Map<string, Held>();
  readonly #askedOnce = new Set<string>();
  #heldBytes = 0;

  constructor(folder: string, limits: Partial<PackageSourceLimits> = {}) {
    this.#folder = folder;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Bytes of packages in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws {StoreError} PACKAGE_CHANGED_ON_DISK | PACKAGE_UNREADABLE */
  async open(record: ReleaseRecord): Promise<OpenPackage> {
    const path = join(this.#folder, record.file);
    const held = this.#held.get(record.sha256);
    if (held === undefined) return this.#openFile(path, record);
    // Held on to before the first wait, so that it cannot be dropped meanwhile.
    const opened = this.#openHeld(record.sha256, held);
    try {
      assertAsRecorded(await stat(path), record);
      return opened;
    } catch (error) {
      await opened.release();
      throw readFailure(error, record);
    }
  }

  async #openFile(path: string, record: ReleaseRecord): Promise<OpenPackage> {
    let handle: FileHandle | undefined;
    try {
      // Non-blocking: something other than a file put there must not hold up a thread of the pool.
      handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      assertAsRecorded(await handle.stat(), record);
      if (!this.#isWorthHolding(record)) return openStream(handle, this.#limits.chunkBytes);
      return this.#openHeld(record.sha256, await this.#hold(handle, record));
    } catch (error) {
      await handle?.close();
      throw readFailure(error, record);
    }
  }

  #openHeld(sha256: string, held: Held): OpenPackage {
    this.#held.delete(sha256);
    this.#held.set(sha256, held);
    held.users += 1;
    let isReleased = false;
    return {
      take: ({ first, last }) => held.bytes.subarray(first, last + 1),
      release: async () => {
        if (!isReleased) held.users -= 1;
        isReleased = true;
      },
    };
  }

  /** Asked for before, small enough, and there is room or can be made. */
  #isWorthHolding({ sha256, size }: ReleaseRecord): boolean {
    if (size > this.#limits.maxHeldPackageBytes) return false;
    if (!this.#askedOnce.has(sha256)) {
      if (this.#askedOnce.size >= maxAskedOnce) this.#askedOnce.clear();
      this.#askedOnce.add(sha256);
      return false;
    }
    for (const [other, held] of this.#held) {
      if (this.#heldBytes + size <= this.#limits.maxHeldBytes) break;
      if (held.users === 0) this.#drop(other, held);
    }
    return this.#heldBytes + size <= this.#limits.maxHeldBytes;
  }

  /** Reads a package into memory; its room is taken before, so that readings at once cannot pass the bound. */
  async #hold(handle: FileHandle, record: ReleaseRecord): Promise<Held> {
    const { sha256, size } = record;
    this.#heldBytes += size;
    try {
      const bytes = await handle.readFile();
      assertAsRecorded(await handle.stat(), record);
      await handle.close();
      const known = this.#held.get(sha256);
      if (known !== undefined) {
        this.#heldBytes -= size;
        return known;
      }
      const held = { bytes, users: 0 };
      this.#held.set(sha256, held);
      return held;
    } catch (error) {
      this.#heldBytes -= size;
      throw error;
    }
  }

  #drop(sha256: string, held: Held): void {
    this.#held.delete(sha256);
    this.#heldBytes -= held.bytes.length;
  }
}

function openStream(handle: FileHandle, chunkBytes: number): OpenPackage {
  let isStreaming = false;
  return {
    take({ first, last }) {
      isStreaming = true;
      return handle.createReadStream({ start: first, end: last, highWaterMark: chunkBytes });
    },
    // A stream closes its file at its end or when it is destroyed.
    release: async () => {
      if (!isStreaming) await handle.close();
    },
  };
}

/** Times of change are compared to the millisecond: copies of a disk keep no more. */
function assertAsRecorded(found: Stats, record: ReleaseRecord): void {
  if (found.isFile() && found.size === record.size && Math.abs(found.mtimeMs - record.mtimeMs) < 1) return;
  throw new StoreError(
    'PACKAGE_CHANGED_ON_DISK',
    `The package of ${record.id} ${record.version} changed after it was published; it is not served.`,
    { file: record.file },
  );
}

function readFailure(error: unknown, { id, version, file }: ReleaseRecord): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError('PACKAGE_UNREADABLE', `The package of ${id} ${version} cannot be read.`, {
    file,
    cause: error,
  });
}
