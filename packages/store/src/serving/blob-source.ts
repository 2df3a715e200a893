import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlobFacts, BlobStore, OpenBlob } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import type { ByteRange } from './byte-range.js';

export interface BlobSourceLimits {
  /** Blobs up to this size may be held in memory. */
  readonly maxHeldBlobBytes: number;
  /** All held blobs together, those that slow readers still hold on to included. */
  readonly maxHeldBytes: number;
}

const defaultLimits: BlobSourceLimits = {
  maxHeldBlobBytes: 16 * 1024 * 1024,
  maxHeldBytes: 128 * 1024 * 1024,
};

/** A blob opened for one answer. */
export interface ServedBlob {
  /** The bytes of a range, from memory or from where blobs lie. Called once at most; then the answer's end must `release`. */
  take(range: ByteRange): Buffer | Readable;
  release(): Promise<void>;
}

interface Held {
  readonly bytes: Buffer;
  users: number;
}

/** Digests remembered as asked for once; the second time a blob is worth holding. */
const maxAskedOnce = 4096;

/**
 * The bytes of blobs. What is asked for again and again is held in memory, within one bound that no number of slow
 * readers can stretch; the rest is streamed.
 */
export class BlobSource {
  readonly #blobs: BlobStore;
  readonly #limits: BlobSourceLimits;
  /** By digest, least recently used first. */
  readonly #held = new Map<string, Held>();
  readonly #reading = new Map<string, Promise<Held>>();
  readonly #askedOnce = new Set<string>();
  #heldBytes = 0;

  constructor(blobs: BlobStore, limits: Partial<BlobSourceLimits> = {}) {
    this.#blobs = blobs;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Bytes of blobs in memory. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @throws {StoreError} BLOB_CORRUPT where it is missing or another than recorded · BLOB_STORE_UNAVAILABLE */
  async open(facts: BlobFacts): Promise<ServedBlob> {
    const held = this.#held.get(facts.sha256);
    if (held !== undefined) return this.#openHeld(facts.sha256, held);
    if (this.#isWorthHolding(facts)) return this.#openHeld(facts.sha256, await this.#hold(facts));
    return served(await this.#openBlob(facts));
  }

  async #openBlob({ sha256, size }: BlobFacts): Promise<OpenBlob> {
    const blob = await this.#blobs.open(sha256);
    if (blob?.size === size) return blob;
    await blob?.close();
    throw corrupt(sha256, blob === undefined ? 'is gone' : 'has another length');
  }

  #openHeld(sha256: string, held: Held): ServedBlob {
    if (this.#held.delete(sha256)) this.#held.set(sha256, held);
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
  #isWorthHolding({ sha256, size }: BlobFacts): boolean {
    if (this.#reading.has(sha256)) return true;
    if (size > this.#limits.maxHeldBlobBytes) return false;
    if (!this.#askedOnce.has(sha256)) {
      if (this.#askedOnce.size >= maxAskedOnce) this.#askedOnce.clear();
      this.#askedOnce.add(sha256);
      return false;
    }
    for (const [other, held] of this.#held) {
      if (this.#heldBytes + size <= this.#limits.maxHeldBytes) break;
      if (held.users > 0) continue;
      this.#held.delete(other);
      this.#heldBytes -= held.bytes.length;
    }
    return this.#heldBytes + size <= this.#limits.maxHeldBytes;
  }

  /** Reads a blob into memory, once for all who ask; its room is taken before. */
  #hold(facts: BlobFacts): Promise<Held> {
    const { sha256, size } = facts;
    let reading = this.#reading.get(sha256);
    if (reading === undefined) {
      this.#heldBytes += size;
      reading = this.#read(facts)
        .then(
          (bytes) => {
            const held = { bytes, users: 0 };
            this.#held.set(sha256, held);
            return held;
          },
          (error: unknown) => {
            this.#heldBytes -= size;
            throw error;
          },
        )
        .finally(() => this.#reading.delete(sha256));
      this.#reading.set(sha256, reading);
    }
    return reading;
  }

  async #read(facts: BlobFacts): Promise<Buffer> {
    const bytes = await buffer((await this.#openBlob(facts)).read());
    if (createHash('sha256').update(bytes).digest('hex') !== facts.sha256)
      throw corrupt(facts.sha256, 'has other bytes');
    return bytes;
  }
}

function served(blob: OpenBlob): ServedBlob {
  let isStreaming = false;
  return {
    take(range) {
      isStreaming = true;
      return blob.read(range);
    },
    // A stream closes by itself at its end or when it is destroyed.
    release: async () => {
      if (!isStreaming) await blob.close();
    },
  };
}

function corrupt(sha256: string, what: string): StoreError {
  return new StoreError('BLOB_CORRUPT', `What was stored as ${sha256} ${what}; it is not served.`);
}
